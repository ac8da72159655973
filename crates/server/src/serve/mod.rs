//! `jiaozi serve`: puts everything together, in an order in which nothing answers before what it
//! needs is there, and takes it apart in the reverse order.

pub(crate) mod backlog;
mod listen;

use crate::bank_client::BankClient;
use crate::bank_process::BankProcess;
use crate::bench::{self, UnderTest};
use crate::cli::ServeFlags;
use crate::config::{Config, Flags};
use crate::database::{self, Database, Location, ThrowAway};
use crate::demo::inhabitants::{Inhabitants, MerchantKey, Place};
use crate::demo::{Payer, random};
use crate::home::Home;
use crate::operator::{self, Operator, Socket};
use crate::providers_link::{CALLBACK_PATH, Link, providers_secret};
use crate::sandbox::{
    Desk, DoorAddresses, Messenger, People, SandboxDoors, Whereabouts, start_again, wipe,
};
use crate::{gauges, key_file, logging, signals};
use apiv3::signers::{Courtesy, Signers};
use axum::Router;
use backlog::listen_on;
use engine::Engine;
use http_api::merchant::{MerchantLimiter, keep_platform_keys};
use http_api::rate_limit::AddressLimiter;
use http_api::sandbox::{SandboxBank, SandboxPeople};
use http_api::{AppParts, AppState, Limits, Shell, SystemShell};
use kernel::keys::KeyRing;
use listen::{Door, HeaderCase};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use worker::{Deps, Providers, Worker};

/// How often the exporter forgets what it no longer needs.
const UPKEEP: Duration = Duration::from_secs(5);

/// The borders between which times are counted.
const SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// The name under which work is leased on a database that one server has to itself. It is the same
/// at each start: the lock of the database says that every earlier server is gone, so its work goes
/// on at once instead of when its leases end.
const HOLDER: &str = "server";

/// Serves until the system asks it to end.
pub(crate) async fn run(flags: ServeFlags) -> Result<(), Box<dyn Error>> {
    let (mut config, home) = prepare(&flags)?;
    // A database that somebody named is not emptied.
    let is_ours = config.sandbox && !matches!(config.location, Location::Postgres(_));
    let reset = is_ours.then(Arc::<Notify>::default);
    let merchant_key = flags.demo_people.then(|| MerchantKey::begin(&config.data));
    let throw_away = ThrowAway::settle(&mut config)?;
    let keys = Arc::new(load_keys(&config).await?);
    let metrics = start_metrics()?;
    let database = Database::open(&config).await?;
    let listeners = Listeners::bind(&config).await?;
    let bank = match config.sandbox {
        true => Some(start_bank(&config, listeners.addresses.consumer).await?),
        false => None,
    };
    let link = Link::of(&config, bank.as_ref())?;
    let people = listeners.addresses.sandbox().map(People::try_new).transpose()?.map(Arc::new);
    let sandbox = (bank.clone(), people.clone());
    let consumer = listeners.addresses.consumer;
    let mut app = app_state(&config, &database, keys, sandbox, (metrics, consumer))?;
    if flags.under_test.is_some() {
        let switches = app.unsafe_switches.iter().copied();
        app.unsafe_switches = switches.chain(["under_test"]).collect();
    }
    follow_clock(&app).await;
    let shell = app.shell.as_ref();
    keep_platform_keys(&app.engine, app.queries.as_ref(), &app.keys, shell).await?;
    let holder = database.is_shared.then(|| home.server_name());
    let worker = start_worker(&config, &flags, &app, (link.providers()?, holder));
    let (end, ending) = watch::channel(false);
    let addresses = listeners.addresses.clone();
    let mut proven = link.callbacks(&app);
    if flags.under_test.is_some() {
        proven = proven.merge(bench::noop::route());
    }
    let serving = listeners.serve(&config, &app, proven, &ending);
    let socket = Socket::bind(config.control_socket(), &home)?;
    let (engine, keys) = (app.engine.clone(), Arc::clone(&app.keys));
    let (queries, merchant_address) = (Arc::clone(&app.queries), addresses.merchant);
    let operator = Operator { engine, queries, keys, merchant_address, reset: reset.clone() };
    gauges::keep(Arc::clone(&app.queries), ending.clone());
    let control = tokio::spawn(operator::serve(socket, operator, ending));
    let asked = asked_to_end(&flags);
    announce(&config, &addresses, bank.as_ref());
    if let (Some(key), Some(people)) = (merchant_key, people) {
        let place = place(&config, &addresses, throw_away.as_ref())?;
        people.play(settle_inhabitants(&app, &place, key, flags.demo_file.as_deref()).await?).await;
    }
    if let Some(sandbox) = addresses.sandbox() {
        sandbox.write(&config.data)?;
    }
    let ended = wait_for_end(&app.engine, asked, reset).await;
    tracing::info!("ending: open requests are finished first");
    end.send_replace(true);
    for listener in serving {
        listener.await?;
    }
    control.await?;
    worker.stop().await;
    drop(app);
    database.close().await;
    drop(throw_away);
    match ended? {
        Ended::Over => Ok(()),
        Ended::Reset => {
            drop(home);
            Err(start_again(&addresses.flags()).into())
        }
    }
}

/// Reads the configuration and moves into the data folder.
fn prepare(flags: &ServeFlags) -> Result<(Config, Home), Box<dyn Error>> {
    let config = Config::load(flags.config.config.as_deref(), config_flags(flags))?;
    logging::start(&config.log_filter)?;
    config.make_folder()?;
    let home = Home::enter(&config.data)?;
    if flags.fresh {
        wipe(&config)?;
    }
    if let Some(seed) = flags.seed {
        random::seed(seed);
    }
    Ok((config, home))
}

/// Why a server ends.
enum Ended {
    /// Somebody asked it to.
    Over,
    /// It is a sandbox and begins anew.
    Reset,
}

/// When the system, or the benchmark that this server serves, asks it to end.
fn asked_to_end(flags: &ServeFlags) -> impl Future<Output = ()> + use<> {
    let (signal, is_served) = (signals::end(), flags.under_test.is_some());
    async move {
        tokio::select! {
            () = signal => {}
            () = bench::left_alone(), if is_served => {}
        }
    }
}

/// Waits until the system asks us to end. Without its engine the server does nothing more, so it
/// ends too, with a failure that has it started anew.
async fn wait_for_end(
    engine: &Engine,
    asked: impl Future<Output = ()>,
    reset: Option<Arc<Notify>>,
) -> Result<Ended, Box<dyn Error>> {
    let reset = async {
        match &reset {
            Some(reset) => reset.notified().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = asked => Ok(Ended::Over),
        () = reset => Ok(Ended::Reset),
        () = engine.ended() => {
            tracing::error!("the engine ended by itself; so does the server");
            Err("the engine ended by itself; see the log".into())
        }
    }
}

/// Makes or finds the demo merchant and person, tells where they are, and gives the person.
async fn settle_inhabitants(
    app: &AppState,
    place: &Place,
    key: MerchantKey,
    file: Option<&Path>,
) -> Result<Payer, Box<dyn Error>> {
    let inhabitants = Inhabitants::settle(app, place, key).await?;
    inhabitants.tell(place, &place.data.join("demo.json"))?;
    if let Some(file) = file {
        inhabitants.tell(place, file)?;
    }
    inhabitants.print(place);
    Ok(inhabitants.payer())
}

/// Where the sandbox is, for who plays in it. The address of a database that somebody gave us is
/// told without its password.
fn place(
    config: &Config,
    addresses: &Addresses,
    throw_away: Option<&ThrowAway>,
) -> Result<Place, Box<dyn Error>> {
    let database = match (&config.location, throw_away) {
        (_, Some(made)) => made.address(),
        (Location::Sqlite(path), None) => path.canonicalize()?.to_string_lossy().into_owned(),
        (location, None) => location.to_string(),
    };
    let sandbox = addresses.sandbox().ok_or("people are made in a sandbox only")?;
    Ok(Place { data: config.data.clone(), database, sandbox })
}

/// Where the listeners are.
#[derive(Clone)]
struct Addresses {
    consumer: SocketAddr,
    merchant: SocketAddr,
    operations: Option<SocketAddr>,
    doors: Option<DoorAddresses>,
}

impl Addresses {
    /// The flags of `serve` that lead to the same addresses.
    fn flags(&self) -> Vec<(&'static str, SocketAddr)> {
        let mut flags = vec![("--listen", self.consumer), ("--merchant-listen", self.merchant)];
        if let Some(doors) = &self.doors {
            flags.extend([("--tls-listen", doors.tls), ("--proxy-listen", doors.proxy)]);
        }
        flags
    }

    /// What a sandbox tells of itself.
    fn sandbox(&self) -> Option<Whereabouts> {
        let doors = self.doors.as_ref()?;
        Some(Whereabouts::of(self.consumer, self.merchant, doors))
    }
}

/// The listeners, bound but not answering yet.
struct Listeners {
    consumer: TcpListener,
    merchant: TcpListener,
    operations: Option<TcpListener>,
    doors: Option<SandboxDoors>,
    addresses: Addresses,
}

impl Listeners {
    async fn bind(config: &Config) -> Result<Self, Box<dyn Error>> {
        let consumer = listen_on(config.listen).map_err(at(config.listen))?;
        let merchant = listen_on(config.merchant_listen).map_err(at(config.merchant_listen))?;
        let operations = match config.operations_listen {
            Some(address) => Some(listen_on(address).map_err(at(address))?),
            None => None,
        };
        let doors = match config.sandbox {
            true => Some(SandboxDoors::open(config).await?),
            false => None,
        };
        let addresses = Addresses {
            consumer: consumer.local_addr()?,
            merchant: merchant.local_addr()?,
            operations: operations.as_ref().map(TcpListener::local_addr).transpose()?,
            doors: doors.as_ref().map(|doors| doors.addresses.clone()),
        };
        Ok(Self { consumer, merchant, operations, doors, addresses })
    }

    fn serve(
        self,
        config: &Config,
        app: &AppState,
        callbacks: Router,
        ending: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let consumer = http_api::consumer_router(app, callbacks);
        let merchant = http_api::merchant::router(app);
        let serve = |listener, router, how| {
            let places = config.connections;
            tokio::spawn(listen::serve(listener, router, how, places, ending.clone()))
        };
        let mut serving = Vec::new();
        if let Some(doors) = self.doors {
            let SandboxDoors { tls, proxy, acceptor, .. } = doors;
            for (listener, door) in
                [(tls, Door::Tls(acceptor.clone())), (proxy, Door::Tunnel(acceptor))]
            {
                serving.push(serve(listener, merchant.clone(), (door, HeaderCase::Title)));
            }
        }
        if let Some(listener) = self.operations {
            let router = http_api::operations_router(app);
            serving.push(serve(listener, router, (Door::Plain, HeaderCase::Lower)));
        }
        serving.push(serve(self.consumer, consumer, (Door::Plain, HeaderCase::Lower)));
        serving.push(serve(self.merchant, merchant, (Door::Plain, HeaderCase::Title)));
        serving
    }
}

type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// Collects the figures of this process; gives what renders them.
fn start_metrics() -> Result<Render, Box<dyn Error>> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let metrics =
        PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS)?.install_recorder()?;
    let kept = metrics.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            kept.run_upkeep();
        }
    });
    Ok(Arc::new(move || metrics.render()))
}

/// Starts the stand-in for banks, unless the sandbox is told to use the one of another server.
async fn start_bank(config: &Config, wallet: SocketAddr) -> Result<BankProcess, Box<dyn Error>> {
    if !config.providers_url.is_empty() {
        return Ok(BankProcess::elsewhere(&config.providers_url, providers_secret(config)?)?);
    }
    // An address for listening on all interfaces is no address to call.
    let host = if wallet.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { wallet.ip() };
    let wallet = SocketAddr::new(host, wallet.port());
    let callback_url = format!("http://{wallet}{CALLBACK_PATH}");
    Ok(BankProcess::start(&config.bank_data(), callback_url).await?)
}

fn start_worker(
    config: &Config,
    flags: &ServeFlags,
    app: &AppState,
    (providers, holder): (Providers, Option<&str>),
) -> Worker {
    let deps = Deps {
        engine: app.engine.clone(),
        queries: Arc::clone(&app.queries),
        keys: Arc::clone(&app.keys),
        providers,
        shell: Arc::new(worker::SystemShell::default()),
        signers: Arc::clone(&app.signers),
        witness: app.inspector.clone().map(|inspector| Arc::new(Desk::new(inspector)) as _),
    };
    let config = worker::Config {
        holder: holder.unwrap_or(HOLDER).to_owned(),
        has_rivals: holder.is_some(),
        relaxed_addresses: config.sandbox || flags.under_test == Some(UnderTest::Notifying),
        deliver: flags.under_test != Some(UnderTest::Quiet),
    };
    let worker = Worker::start(deps, config);
    if let (Some(inspector), Some(courier)) = (&app.inspector, worker.courier()) {
        inspector.employ(Arc::new(Messenger(courier)));
    }
    worker
}

fn config_flags(flags: &ServeFlags) -> Flags {
    let layer = flags.config.layer();
    layer
        .set("listen", flags.listen.map(|address| address.to_string()))
        .set("merchant_listen", flags.merchant_listen.map(|address| address.to_string()))
        .set("sandbox_tls_listen", flags.tls_listen.map(|address| address.to_string()))
        .set("sandbox_proxy_listen", flags.proxy_listen.map(|address| address.to_string()))
        .set("sandbox", flags.sandbox.then_some(true))
}

/// Loads the keys. Only a sandbox makes them by itself, and only before its database has data:
/// new keys would open none of it.
async fn load_keys(config: &Config) -> Result<KeyRing, Box<dyn Error>> {
    let file = config.key_file();
    // A database that cannot be read yet, because it is older than this program, has data.
    if config.sandbox && !database::has_data(config).await.unwrap_or(true) {
        config.make_folder()?;
        key_file::make_missing(&file)?;
    }
    Ok(key_file::load(&file)?)
}

fn app_state(
    config: &Config,
    database: &Database,
    keys: Arc<KeyRing>,
    (bank, people): (Option<BankProcess>, Option<Arc<People>>),
    (metrics, consumer): (Render, SocketAddr),
) -> Result<AppState, Box<dyn Error>> {
    let sandbox = match bank {
        Some(bank) => Some(Arc::new(BankClient::try_new(bank)?) as Arc<dyn SandboxBank>),
        None => None,
    };
    let people = people.map(|people| people as Arc<dyn SandboxPeople>);
    let anonymous = (config.anonymous_per_second > 0).then(|| {
        Arc::new(AddressLimiter::new(config.anonymous_per_second, config.anonymous_burst))
    });
    let merchants = MerchantLimiter::new(|family| config.merchant_rates[&family]);
    let signers = Signers::start(is_long_at_a_commit(&database.engine));
    database.engine.linger_while(signers.is_far_behind());
    Ok(AppState::from(AppParts {
        engine: database.engine.clone(),
        queries: Arc::clone(&database.queries),
        keys,
        shell: Arc::new(SystemShell::default()),
        sandbox,
        people,
        inspector: config.sandbox.then(Arc::default),
        metrics,
        callers: Arc::default(),
        signers: Arc::new(signers),
        unsafe_switches: unsafe_switches(config, &database.weak_settings),
        public_url: public_url(config, consumer),
        limits: Limits {
            request: config.request_time,
            anonymous,
            merchants: Arc::new(merchants),
            proxies: config.trusted_proxies.clone().into(),
        },
    }))
}

/// From when on a commit counts as long, in microseconds: several times what it takes on a machine
/// with room.
const LONG_COMMIT: i64 = 5_000;

/// Whether the engine has waited for its store longer than it does when the machine has room.
fn is_long_at_a_commit(engine: &Engine) -> Courtesy {
    let (engine, shell) = (engine.clone(), SystemShell::default());
    Box::new(move || {
        let since = engine.committing_since();
        since.is_some_and(|since| shell.now().since(since) > LONG_COMMIT)
    })
}

/// Where people's browsers reach us: as configured, or else where we listen.
fn public_url(config: &Config, consumer: SocketAddr) -> Arc<str> {
    match config.public_url.trim_end_matches('/') {
        "" => format!("http://{consumer}").into(),
        configured => configured.into(),
    }
}

/// What is not safe with real people.
fn unsafe_switches(config: &Config, weak_settings: &[&'static str]) -> Arc<[&'static str]> {
    let sandbox = config.sandbox.then_some("sandbox");
    let unlimited = (config.anonymous_per_second == 0).then_some("no_limit_per_address");
    let no_rate = config.merchant_rates.values().any(|rate| *rate == 0);
    let no_rate = no_rate.then_some("no_limit_per_merchant");
    let weak = config.unsafe_settings.then_some("database_unsafe_settings");
    let switches = sandbox.into_iter().chain(unlimited).chain(no_rate).chain(weak);
    switches.chain(weak_settings.iter().copied()).collect()
}

/// A bank that was started anew, or lost its own data, takes over the offset of the wallet.
async fn follow_clock(app: &AppState) {
    let Some(bank) = &app.sandbox else { return };
    let offset = app.engine.position().borrow().offset;
    if let Err(reason) = bank.raise_clock(offset).await {
        tracing::warn!(%reason, "the sandbox bank's clock did not follow");
    }
}

fn announce(config: &Config, addresses: &Addresses, bank: Option<&BankProcess>) {
    let Addresses { consumer, merchant, operations, doors } = addresses;
    tracing::info!(%consumer, %merchant, sandbox = config.sandbox, "ready");
    say!("jiaozi is ready");
    say!("  people's apps   http://{consumer}/v1   (description: http://{consumer}/docs)");
    say!("  merchants       http://{merchant}/v3");
    if let Some(bank) = bank {
        let bank = bank.address;
        say!("  sandbox bank    http://{bank}/cards    (messages: http://{bank}/inbox)");
    }
    if let Some(DoorAddresses { tls, proxy, ca_file }) = doors {
        say!("  developers      http://{consumer}/sandbox   (who called, who was notified)");
        say!("  merchants, TLS  https://{tls}/v3   (trust {})", ca_file.display());
        say!("  SDKs with a fixed host, one of");
        say!("    proxy         HTTPS_PROXY=http://{proxy}   (`jiaozi sandbox env` prints it all)");
        say!("    hosts file    {}   (with --tls-listen …:443)", Whereabouts::hosts_line(*tls));
    }
    if let Some(operations) = operations {
        say!(
            "  operators       http://{operations}/readyz    (figures: http://{operations}/metrics)"
        );
    }
}

fn at(address: SocketAddr) -> impl FnOnce(std::io::Error) -> String {
    move |error| format!("failed to listen on {address}: {error}")
}
