//! What became of a refund, told to a merchant that asked for it in XML.

use super::{Notice, Notices, Unmade, absent, common_headers, defect};
use crate::delivery::courier::Content;
use crate::egress::Yes;
use crate::shell;
use apiv3::refund_view::RefundView;
use apiv3::sign;
use apiv3::v2::{ApiV2Key, notice};
use domain::fact::Fact;
use domain::merchant::MerchantApiv2Key;
use domain::order::Order;
use store::queries::find;

impl Notices {
    /// Hidden under the key that the merchant has now.
    pub(super) async fn till_notice(
        &self,
        url: String,
        refund: &RefundView,
        fact: &Fact,
    ) -> Result<Notice, Unmade> {
        let queries = self.queries.as_ref();
        let row = find::<MerchantApiv2Key>(queries, &fact.mchid).await?;
        let row = row.ok_or_else(|| absent("key of the XML interface", fact))?;
        let key = ApiV2Key::open(&self.keys.personal_data, &row)
            .map_err(|error| defect("key of the XML interface", error, fact))?;
        let order = (refund.mchid.clone(), refund.out_trade_no.clone());
        let order = find::<Order>(queries, &order).await?;
        let order = order.ok_or_else(|| absent("order of the refund", fact))?;
        let nonce = sign::nonce(shell::random(self.shell.as_ref()));
        let body = notice::of_refund(refund, &order.appid, &key, &nonce);
        let headers = common_headers(notice::CONTENT_TYPE);
        let content = Content { event_type: "", resource: notice::revealed(refund).into_bytes() };
        Ok(Notice { url, headers, body, content, yes: Yes::Xml })
    }
}
