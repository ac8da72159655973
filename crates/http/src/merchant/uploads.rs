//! Files that merchants upload, and pictures on their way back, those of complaining payers too.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::Route;
use apiv3::code::Code;
use apiv3::upload::{Upload, UploadKind, picture_type_named};
use axum::body::Body;
use domain::complaint::{Media, MediaKind, ShownPicture, StoreMedia};
use kernel::crypto::{base64url, sha256};
use store::queries::{Value, select};

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
    let media = media.filter(|media| media.kind == MediaKind::Image);
    let media = media.ok_or(Code::ResourceNotExists)?;
    if media.mchid.as_ref() != Some(&call.mchid) && !is_shown(&call, &media.media_id).await? {
        return Err(Code::ResourceNotExists.into());
    }
    let kind = picture_type_named(&media.content_type);
    Ok(Reply::file(kind, Body::from(media.content)))
}

/// Whether a complaint of the merchant shows a picture.
async fn is_shown(call: &Call, media_id: &str) -> Result<bool, Fault> {
    let parameters = [media_id, &call.mchid].map(|text| Value::Text(text.to_owned())).to_vec();
    let condition = "media_id = $1 AND mchid = $2 LIMIT 1";
    let queries = call.face.app.queries.as_ref();
    Ok(!select::<ShownPicture>(queries, condition, parameters).await?.is_empty())
}
