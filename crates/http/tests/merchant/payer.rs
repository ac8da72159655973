//! The payer's device: shows codes, confirms and refuses.

use crate::world::{PAYER, World};
use domain::merchant::IssueOpenid;
use domain::payment_code::{Digits, PaymentCodeUse, PaymentCodes, RefuseOrder, order_reference};
use kernel::ExposeSecret;
use store::queries::{self, Kind, Value};

impl World {
    /// The payer's name under the merchant's app id, which the merchant has learnt.
    pub(crate) async fn known_payer(&self) -> String {
        let (openid, made) = (self.payer_openid(), &self.merchant.made);
        let (appid, mchid) = (made.appid.clone(), made.mchid.clone());
        let issue = IssueOpenid { user: PAYER.user, appid, mchid, openid: openid.clone() };
        self.app.engine.run(issue).await.unwrap();
        openid
    }

    /// The payer shows codes from now on.
    pub(crate) async fn turn_on_codes(&self) {
        self.app.engine.run(PAYER.turn_on_codes(4_711)).await.unwrap();
    }

    /// What the payer's device shows now.
    pub(crate) async fn code(&self, digits: Digits) -> String {
        let queries = self.app.queries.as_ref();
        let codes = queries::find::<PaymentCodes>(queries, &PAYER.wallet).await.unwrap().unwrap();
        let used = queries::find::<PaymentCodeUse>(queries, &PAYER.wallet).await.unwrap();
        let content = codes.next_code(used.as_ref(), digits, self.app.business_now()).unwrap();
        let code = content.write(&self.app.keys.payment_code, &self.app.rules());
        code.expose_secret().to_owned()
    }

    /// The payer confirms a waiting order of 10.00.
    pub(crate) async fn confirm(&self, out_trade_no: &str) {
        self.pay(&order_reference(&self.merchant.made.mchid, out_trade_no)).await;
    }

    /// The payer refuses a waiting order.
    pub(crate) async fn refuse(&self, out_trade_no: &str) {
        let prepay_id = order_reference(&self.merchant.made.mchid, out_trade_no);
        let command = RefuseOrder { user: PAYER.user, wallet: PAYER.wallet, prepay_id };
        self.app.engine.run(command).await.unwrap();
    }

    /// What the payer holds, in fen.
    pub(crate) async fn payer_balance(&self) -> i64 {
        let sql = "SELECT a.balance FROM account a JOIN wallet w ON w.balance_account = a.number";
        let rows = self.app.queries.rows(sql.to_owned(), Vec::new(), vec![Kind::Int]).await;
        match rows.unwrap().as_slice() {
            [row] => match row.as_slice() {
                [Value::Int(balance)] => *balance,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    /// The audit finds nothing but the top-up that seeding left out.
    pub(crate) async fn assert_books_are_right(&self) {
        let report = store::verify::verify(self.app.queries.as_ref(), &|_, _, _| ()).await;
        let mut findings = report.unwrap().findings;
        findings.retain(|finding| finding.rule != "B1");
        assert_eq!(findings, []);
    }
}
