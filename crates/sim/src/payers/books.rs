//! What the database says about the payments of the town, read past every proxy.

use super::{MCHID, Payment};
use domain::order::{Order, OrderState};
use std::collections::BTreeMap;
use std::time::Duration;
use store::queries::{Kind, Queries, find, select};
use store::verify::verify;
use store_postgres::{PostgresReaders, ReaderOptions, Url};
use tokio::runtime::{Builder, Runtime};

/// See the module.
pub struct Books {
    readers: PostgresReaders,
    runtime: Runtime,
}

impl Books {
    /// Opens the books at an address.
    ///
    /// # Panics
    /// When the database cannot be read, here and in every other function.
    pub fn open(url: &str) -> Self {
        let url: Url = url.parse().expect("the address of our own server is well formed");
        let options = ReaderOptions { time_limit: Duration::from_secs(60), ..Default::default() };
        let readers = PostgresReaders::open(&url, options).expect("a migrated database opens");
        let runtime = Builder::new_current_thread().enable_all().build();
        Self { readers, runtime: runtime.expect("the system gives a runtime") }
    }

    /// The number of the payment, if it is stored.
    pub fn find(&self, payment: Payment) -> Option<String> {
        let key = (MCHID.to_owned(), payment.out_trade_no());
        let order = self.runtime.block_on(find::<Order>(&self.readers, &key));
        let order = order.expect("the database answers").filter(is_paid)?;
        Some(paid_number(order))
    }

    /// Every payment stored: the merchant's number, and the number of the payment.
    pub fn all(&self) -> BTreeMap<String, String> {
        let orders = self.runtime.block_on(select::<Order>(&self.readers, "1 = 1", Vec::new()));
        let paid = orders.expect("the database answers").into_iter().filter(is_paid);
        paid.map(|order| (order.out_trade_no.clone(), paid_number(order))).collect()
    }

    /// Audits everything. Every payment moved money exactly once: there are as many journals of
    /// payments as paid orders, each about another one. Gives how many.
    pub fn audit(&self) -> usize {
        let report = self.runtime.block_on(verify(&self.readers, &|_, _, _| {}));
        assert_eq!(report.expect("the database answers").findings, [], "the books are in order");
        let count = "SELECT COUNT(*), COUNT(DISTINCT subject) FROM journal \
                     WHERE book = 1 AND kind = 'PAYMENT'";
        let rows = self.readers.rows(count.into(), Vec::new(), vec![Kind::Int, Kind::Int]);
        let rows = self.runtime.block_on(rows).expect("the database answers");
        let paid = self.all().len();
        let expected = store::Value::Int(i64::try_from(paid).expect("a count is small"));
        assert_eq!(rows, [[expected.clone(), expected]], "each payment moved money once");
        paid
    }
}

fn is_paid(order: &Order) -> bool {
    order.state == OrderState::Success
}

fn paid_number(order: Order) -> String {
    order.transaction_id.expect("a paid order has the number of its payment")
}
