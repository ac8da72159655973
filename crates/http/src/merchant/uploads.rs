//! Files that merchants upload, and pictures on their way back.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::Route;
use apiv3::code::Code;
use apiv3::upload::{Upload, UploadKind};
use axum::body::Body;
use domain::complaint::{Media, MediaKind, StoreMedia};
use kernel::crypto::{base64url, sha256};

pub(super) const ROUTES: &[Route] = &[
    Route::upload("/v3/merchant/media/upload", |call| Box::pin(image(call))),
    Route::upload("/v3/merchant/media/video_upload", |call| Box::pin(video(call))),
    Route::upload("/v3/merchant-service/images/upload", |call| Box::pin(image(call))),
    Route::upload("/v3/marketing/favor/media/image-upload", |call| Box::pin(picture_url(call))),
    Route::get("/v3/merchant-service/images/{media_id}", |call| Box::pin(download(call))),
];

/// Where a picture is downloaded, without the host.
pub(super) const IMAGES: &str = "/v3/merchant-service/images/";

async fn image(call: Call) -> Result<Reply, Fault> {
    let id = keep(&call, UploadKind::Image).await?;
    Ok(Reply::json(serde_json::json!({ "media_id": id }).to_string().into_bytes()))
}

async fn video(call: Call) -> Result<Reply, Fault> {
    let id = keep(&call, UploadKind::Video).await?;
    Ok(Reply::json(serde_json::json!({ "media_id": id }).to_string().into_bytes()))
}

async fn picture_url(call: Call) -> Result<Reply, Fault> {
    let id = keep(&call, UploadKind::Image).await?;
    let url = format!("{}{IMAGES}{id}", call.gateway);
    Ok(Reply::json(serde_json::json!({ "media_url": url }).to_string().into_bytes()))
}

/// Keeps the file of an upload; the same file has the same id.
async fn keep(call: &Call, kind: UploadKind) -> Result<String, Fault> {
    let upload = Upload::parse(kind, call.content_type.as_deref(), &call.body)?;
    let kind = match kind {
        UploadKind::Image => MediaKind::Image,
        UploadKind::Video => MediaKind::Video,
    };
    let of: [&[u8]; 5] =
        [b"media\n", call.mchid.as_bytes(), b"\n", kind.as_str().as_bytes(), &upload.hash];
    let media_id = base64url(&sha256(&of));
    run(&call.face, || StoreMedia {
        mchid: call.mchid.clone(),
        media_id: media_id.clone(),
        kind,
        content_type: upload.content_type.to_owned(),
        content: upload.content.to_vec(),
    })
    .await?;
    Ok(media_id)
}

async fn download(call: Call) -> Result<Reply, Fault> {
    let media = call.find::<Media>(&call.variable("media_id")).await?;
    let media = media.filter(|media| media.mchid == call.mchid && media.kind == MediaKind::Image);
    let media = media.ok_or(Code::ResourceNotExists)?;
    let known = ["image/jpeg", "image/png", "image/bmp"];
    let kind = known.into_iter().find(|known| *known == media.content_type);
    Ok(Reply::file(kind.unwrap_or("application/octet-stream"), Body::from(media.content)))
}
