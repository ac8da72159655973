//! What every handler works with.

use crate::callers::Callers;
use crate::merchant::MerchantLimiter;
use crate::rate_limit::AddressLimiter;
use crate::sandbox::{Inspector, SandboxBank, SandboxPeople};
use crate::shell::Shell;
use apiv3::signers::Signers;
use domain::Rules;
use domain::order::transaction_id;
use engine::Engine;
use kernel::Timestamp;
use kernel::keys::KeyRing;
use std::net::IpAddr;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;
use store::Queries;

/// The state of both listeners. A request passes it on many times, and each time costs one count.
#[derive(Clone)]
pub struct AppState(Arc<AppParts>);

/// What an [`AppState`] is put together from.
#[derive(Clone)]
pub struct AppParts {
    /// Where commands are run.
    pub engine: Engine,
    /// Reads of committed rows, for GET and for resolving keys before a command.
    pub queries: Arc<dyn Queries>,
    /// The secret keys of this installation.
    pub keys: Arc<KeyRing>,
    /// Sign what merchants are answered.
    pub signers: Arc<Signers>,
    /// Who called lately, by the hashes of their tokens.
    pub callers: Arc<Callers>,
    /// Protocol time and random bytes.
    pub shell: Arc<dyn Shell>,
    /// The stand-in for the outside world; `None` outside the sandbox.
    pub sandbox: Option<Arc<dyn SandboxBank>>,
    /// The people whom the sandbox plays; `None` outside it.
    pub people: Option<Arc<dyn SandboxPeople>>,
    /// What a developer looks into; `None` outside the sandbox.
    pub inspector: Option<Arc<Inspector>>,
    /// Renders the metrics of this process.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// What an operator should know: switches that are unsafe outside a test.
    pub unsafe_switches: Arc<[&'static str]>,
    /// Where people reach the consumer's listener, without a `/` at the end.
    pub public_url: Arc<str>,
    /// Bounds of what strangers may ask for.
    pub limits: Limits,
}

/// Bounds of the edge.
#[derive(Clone)]
pub struct Limits {
    /// Longest time for one request, its body included.
    pub request: Duration,
    /// Requests without a valid session, per address; `None` for no limit.
    pub anonymous: Option<Arc<AddressLimiter>>,
    /// Calls whose signature holds, per merchant.
    pub merchants: Arc<MerchantLimiter>,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub proxies: Arc<[IpAddr]>,
}

impl Default for Limits {
    fn default() -> Self {
        let request = Duration::from_secs(15);
        Self { request, anonymous: None, merchants: Arc::default(), proxies: Arc::new([]) }
    }
}

impl From<AppParts> for AppState {
    fn from(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

/// For whoever puts it together: a change reaches only what is cloned from here on.
impl DerefMut for AppState {
    fn deref_mut(&mut self) -> &mut AppParts {
        Arc::make_mut(&mut self.0)
    }
}

impl AppState {
    /// The configuration in force now.
    pub fn rules(&self) -> Arc<Rules> {
        self.engine.rules()
    }

    /// The business time in 20 digits, which begin with the day, and `random` random ones. Numbers
    /// drawn one after another lie side by side in their table, so those of a batch share pages.
    pub(crate) fn draw_number(&self, random: usize) -> String {
        self.business_now().business_digits() + &self.shell.digits(random)
    }

    /// The number of a payment: `4200` and 24 digits, of which the first 8 are the business day.
    pub(crate) fn draw_transaction_id(&self) -> String {
        transaction_id(self.business_now(), &self.shell.digits(4))
    }

    /// Business time: the real clock with the sandbox's offset, as the engine would take it now.
    pub fn business_now(&self) -> Timestamp {
        let position = *self.engine.position().borrow();
        self.shell.now().plus(position.offset).max(position.now)
    }
}
