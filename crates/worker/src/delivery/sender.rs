//! One attempt to notify a merchant of a fact.

use super::courier::{Attempt, Witness};
use super::notice::{Notice, Notices, Unmade};
use super::recorder::Recorder;
use crate::egress::Egress;
use crate::shell;
use domain::fact::Fact;
use domain::notification::Attempted;
use std::sync::Arc;
use std::time::Duration;

/// Wait before an attempt that could not even begin is begun again.
const AGAIN: Duration = Duration::from_secs(1);

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Acknowledged, or nothing was to be told.
    Acknowledged,
    /// Not acknowledged, and why.
    Failed(String),
    /// The database did not answer, so nothing was tried.
    Untried,
}

/// See the module. Clones share one state.
#[derive(Clone)]
pub(crate) struct Sender {
    notices: Arc<Notices>,
    egress: Arc<Egress>,
    recorder: Recorder,
    witness: Option<Arc<dyn Witness>>,
}

impl Sender {
    pub(crate) fn new(
        notices: Notices,
        egress: Egress,
        recorder: Recorder,
        witness: Option<Arc<dyn Witness>>,
    ) -> Self {
        Self { notices: Arc::new(notices), egress: Arc::new(egress), recorder, witness }
    }

    /// Notifies once, without recording it.
    pub(crate) async fn attempt(&self, fact: &Fact, series: &'static str) -> Sent {
        self.attempt_with(fact, series, |_| Ok(())).await
    }

    /// The same with a notification that is changed after it was signed; one that cannot be is not
    /// sent.
    pub(super) async fn attempt_with(
        &self,
        fact: &Fact,
        series: &'static str,
        change: impl FnOnce(&mut Notice) -> Result<(), &'static str> + Send,
    ) -> Sent {
        let mut notice = match self.notices.of(fact).await {
            Ok(Some(notice)) => notice,
            Ok(None) => return counted(Sent::Acknowledged, "not_wanted", series),
            Err(Unmade::Query(error)) => {
                tracing::warn!(%error, "a notification cannot be read now");
                return Sent::Untried;
            }
            Err(Unmade::Defect(what)) => {
                tracing::error!(what, "a notification cannot be made");
                return counted(Sent::Failed("cannot be made".into()), "defect", series);
            }
        };
        if let Err(why) = change(&mut notice) {
            return Sent::Failed(why.to_owned());
        }
        let watched = self.witness.as_ref().map(|witness| (witness, Attempt::of(fact, &notice)));
        let began = shell::instant();
        let posted = self.egress.post(&notice.url, notice.headers, notice.body, notice.yes).await;
        if let Some((witness, attempt)) = watched {
            witness.saw(Attempt { outcome: posted.err().map(|why| why.to_string()), ..attempt });
        }
        let seconds = began.elapsed().as_secs_f64();
        metrics::histogram!("jiaozi_notification_seconds", "series" => series).record(seconds);
        match posted {
            Ok(()) => counted(Sent::Acknowledged, "acknowledged", series),
            Err(why) => {
                let (batch, place) = (fact.batch, fact.place);
                tracing::info!(mchid = fact.mchid, batch, place, %why, "notification failed");
                counted(Sent::Failed(why.to_string()), "failed", series)
            }
        }
    }

    /// Notifies for the first time; a failure is recorded, to be tried again. Gives whether it was
    /// acknowledged.
    pub(super) async fn first(&self, fact: &Fact) -> bool {
        loop {
            match self.attempt(fact, "first").await {
                Sent::Acknowledged => return true,
                Sent::Failed(why) => {
                    self.record(fact, 1, Some(why)).await;
                    return false;
                }
                Sent::Untried => shell::pause(AGAIN).await,
            }
        }
    }

    /// Records what came of an attempt.
    pub(super) async fn record(&self, fact: &Fact, attempt: i64, error: Option<String>) {
        let (batch, place, kind) = (fact.batch, fact.place, fact.kind);
        let mchid = fact.mchid.clone();
        self.recorder.record(Attempted { batch, place, mchid, kind, attempt, error }).await;
    }
}

fn counted(sent: Sent, outcome: &'static str, series: &'static str) -> Sent {
    metrics::counter!(
        "jiaozi_notifications_total", "outcome" => outcome, "series" => series
    )
    .increment(1);
    sent
}
