//! Sends a one-time password. The code is derived here and nowhere kept; the message is handed over
//! under the challenge's id, so the carrier sends it once.

use super::{Jobs, Met, Unmet, open_text, request_id, subject};
use domain::ids::OtpId;
use domain::job::Job;
use domain::user::{
    Otp, OtpPurpose, OtpSendResult, OtpState, RecordOtpSent, otp_code, phone_place,
};
use kernel::time::MINUTE;
use kernel::{ExposeSecret, SecretString};
use providers::sms::{SmsAnswer, SmsMessage};
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: OtpId = subject(job)?;
    let otp = find::<Otp>(jobs.queries.as_ref(), &id).await?.ok_or(Unmet::Gone)?;
    if otp.state != OtpState::Created {
        return Err(Unmet::Gone);
    }
    let result = if otp.expires_at <= jobs.now() {
        // A code that is no longer valid is not worth sending; the command knows the time too.
        OtpSendResult::Unknown
    } else {
        send(jobs, &otp).await?
    };
    jobs.record(RecordOtpSent { otp: id, result }).await
}

async fn send(jobs: &Jobs, otp: &Otp) -> Result<OtpSendResult, Unmet> {
    let place = phone_place(&otp.phone_index);
    let to = open_text(&jobs.keys.personal_data, &place, &otp.phone)?;
    let code = otp_code(jobs.keys.otp.newest_key(), otp.id, otp.purpose);
    let message = SmsMessage {
        request_id: request_id(otp.id)?,
        to,
        text: text(otp, &code),
        purpose: otp.purpose.as_str().to_owned(),
    };
    Ok(match jobs.providers.sms.send(&message).await {
        SmsAnswer::Accepted => OtpSendResult::Accepted,
        SmsAnswer::Refused { code } if code == "PHONE_INVALID" => OtpSendResult::PhoneInvalid,
        SmsAnswer::Refused { .. } => OtpSendResult::Failed,
        SmsAnswer::Unknown(_) => OtpSendResult::Unknown,
    })
}

fn text(otp: &Otp, code: &SecretString) -> SecretString {
    let minutes = otp.expires_at.since(otp.created_at) / MINUTE;
    let (act, in_english) = match otp.purpose {
        OtpPurpose::Register => ("注册", "to register"),
        OtpPurpose::LogIn => ("登录", "to log in"),
        OtpPurpose::ResetPaymentPassword => ("重置支付密码", "to reset the payment password"),
    };
    let code = code.expose_secret();
    format!(
        "【交子】{code} 是您的{act}验证码，{minutes} 分钟内有效，请勿告诉任何人。\
         Your Jiaozi code {in_english}; tell nobody."
    )
    .into()
}
