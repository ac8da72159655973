//! Notifications that failed before, tried again when they are due. What the next due time is, and
//! when it is enough, the recording command decides.

use super::sender::{Sender, Sent};
use crate::due;
use crate::runner::Work;
use crate::slots::{Held, Place};
use domain::fact::Fact;
use domain::notification::Retry;
use kernel::Timestamp;
use std::sync::Arc;
use store::queries::find;
use store::{Queries, QueryError};

/// See the module.
pub(crate) struct Retries {
    pub(crate) queries: Arc<dyn Queries>,
    pub(crate) sender: Sender,
}

impl Work for Retries {
    type Item = Retry;
    type Key = Place;

    const NAME: &'static str = "retry";
    const AT_ONCE: usize = 64;
    const PER_LANE: usize = 2;

    async fn list(
        &self,
        held: &Held,
        full_lanes: Vec<String>,
        limit: usize,
    ) -> Result<Vec<Retry>, QueryError> {
        due::retries(self.queries.as_ref(), held, full_lanes, limit).await
    }

    fn key(retry: &Retry) -> Place {
        (retry.batch, retry.place)
    }

    fn due_at(retry: &Retry) -> Timestamp {
        retry.due_at
    }

    fn lane(retry: &Retry) -> String {
        retry.mchid.clone()
    }

    async fn run(self: Arc<Self>, retry: Retry) -> bool {
        let fact = match find::<Fact>(self.queries.as_ref(), &Self::key(&retry)).await {
            Ok(Some(fact)) => fact,
            Ok(None) => {
                tracing::error!(retry.batch, retry.place, "a retry without its fact");
                return false;
            }
            Err(error) => {
                tracing::warn!(%error, "a fact cannot be read now");
                return false;
            }
        };
        let error = match self.sender.attempt(&fact, "retry").await {
            Sent::Acknowledged => None,
            Sent::Failed(why) => Some(why),
            Sent::Untried => return false,
        };
        self.sender.record(&fact, retry.attempts + 1, error).await;
        true
    }
}
