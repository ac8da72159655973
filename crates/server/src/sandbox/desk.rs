//! Between the worker, which sends notifications, and the inspector, where a developer sees them
//! and has them sent again.

use http_api::sandbox::{Again, Inspector, Later, NoticeSeen, SandboxCourier};
use http_api::{Shell, SystemShell};
use std::sync::Arc;
use std::time::Duration;
use worker::{Attempt, Content, Courier, Flaw, Witness};

/// How long a notification that is sent later waits.
const LATER: Duration = Duration::from_secs(10);

/// Tells the inspector what the worker does.
pub(crate) struct Desk {
    inspector: Arc<Inspector>,
    shell: SystemShell,
}

impl Desk {
    /// Of this inspector.
    pub(crate) fn new(inspector: Arc<Inspector>) -> Self {
        Self { inspector, shell: SystemShell::default() }
    }
}

impl Witness for Desk {
    fn saw(&self, attempt: Attempt) {
        let Attempt { batch, place, mchid, subject, url, headers, body, content, outcome } =
            attempt;
        let Content { event_type, resource } = content;
        let at = self.shell.now();
        let outcome = outcome.unwrap_or_else(|| "acknowledged".to_owned());
        self.inspector.saw(NoticeSeen {
            batch,
            place,
            at,
            mchid,
            subject,
            url,
            headers,
            body,
            event_type,
            resource,
            outcome,
        });
    }
}

/// Has the worker send what a developer asks for.
pub(crate) struct Messenger(pub(crate) Courier);

impl SandboxCourier for Messenger {
    fn send(&self, batch: i64, place: i64, again: Again) -> Later<'_, String> {
        Box::pin(async move {
            match again {
                Again::Same => Ok(self.0.send(batch, place, Flaw::None).await),
                Again::Corrupted => Ok(self.0.send(batch, place, Flaw::Body).await),
                Again::Probe => Ok(self.0.send(batch, place, Flaw::Signature).await),
                Again::Later => {
                    let courier = self.0.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(LATER).await;
                        // What came of it is on the page.
                        courier.send(batch, place, Flaw::None).await;
                    });
                    Ok(format!("it is sent in {} seconds", LATER.as_secs()))
                }
            }
        })
    }
}
