//! The pictures of the caller's complaints, on their way in and out.

use super::complaints::own;
use crate::app::AppState;
use crate::extract::{Caller, read_bytes};
use crate::problem::{Problem, ProblemDocument};
use apiv3::upload::{PICTURE_BYTES_MAX, picture_type, picture_type_named};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::catalogue::Code;
use domain::complaint::{Media, ShownPicture, UploadPicture};
use kernel::crypto::{base64url, sha256};
use serde::Serialize;
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(upload_picture)).routes(routes!(get_picture))
}

/// A picture that was kept.
#[derive(Serialize, ToSchema)]
#[schema(as = ComplaintPicture)]
struct PictureAnswer {
    /// Its id, to be named in a complaint.
    id: String,
}

/// Keeps a picture that a complaint is to show: JPG, PNG or BMP, told by its first bytes, at most
/// 2 MB. The same picture has the same id. A day has twenty.
#[utoipa::path(
    post, path = "/v1/complaint-pictures", tag = "orders", operation_id = "uploadComplaintPicture",
    security(("session" = [])),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "It is kept", body = PictureAnswer),
        (status = 400, description = "The body ended early", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 413, description = "Larger than 2 MB", body = ProblemDocument),
        (status = 415, description = "No picture of these kinds", body = ProblemDocument),
        (status = 429, description = "Too many today", body = ProblemDocument),
    ),
)]
async fn upload_picture(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Json<PictureAnswer>), Problem> {
    let content = read_bytes(request, PICTURE_BYTES_MAX).await?;
    let content_type = picture_type(&content).ok_or(Code::MediaTypeUnsupported)?;
    let (user, hash) = (caller.user.to_string(), sha256(&[&content]));
    let id = base64url(&sha256(&[b"picture\n", user.as_bytes(), b"\n", &hash]));
    let command = UploadPicture {
        user: caller.user,
        media_id: id.clone(),
        content_type: content_type.to_owned(),
        content: content.to_vec(),
    };
    app.engine.run(command).await?;
    Ok((StatusCode::CREATED, Json(PictureAnswer { id })))
}

/// A picture that one of the caller's complaints shows, whoever put it there.
#[utoipa::path(
    get, path = "/v1/complaints/{id}/pictures/{picture}", tag = "orders",
    operation_id = "getComplaintPicture",
    security(("session" = [])),
    params(
        ("id" = String, Path, description = "The complaint's number"),
        ("picture" = String, Path, description = "The picture's id"),
    ),
    responses(
        (status = 200, description = "The picture", body = String,
            content_type = "application/octet-stream"),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No such complaint, or it shows no such picture",
            body = ProblemDocument),
    ),
)]
async fn get_picture(
    State(app): State<AppState>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((id, picture)) = path.map_err(|_| Code::ObjectNotFound)?;
    let complaint = own(&app, caller.user, &id).await?;
    let queries = app.queries.as_ref();
    let shown = find::<ShownPicture>(queries, &(picture, complaint.complaint_id)).await?;
    let shown = shown.ok_or(Code::ObjectNotFound)?;
    let media = find::<Media>(queries, &shown.media_id).await?.ok_or(Code::ObjectNotFound)?;
    let kind = picture_type_named(&media.content_type);
    Ok(([(CONTENT_TYPE, kind)], media.content).into_response())
}
