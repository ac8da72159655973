//! The lines of a fund-flow bill: every movement of the balance. A payment has two lines, what the
//! payer gave and what the fee took; both together are its one entry in the ledger.

use super::file::{Moved, Source, own_number};
use super::orders::Orders;
use crate::merchant::fault::Fault;
use apiv3::bill::{FlowRow, FlowWriter};
use domain::ledger::JournalKind;
use domain::merchant_transfer::MerchantTransfer;
use domain::order::Order;
use kernel::money::yuan;
use std::collections::HashMap;

/// See the module.
pub(super) struct FlowBill(pub(super) FlowWriter);

/// Our number and the merchant's of what moved money.
type Numbers = (String, String);

impl FlowBill {
    pub(super) async fn lines(
        &mut self,
        source: &Source,
        moved: Vec<Moved>,
    ) -> Result<String, Fault> {
        let orders = Orders::load(source, &moved).await?;
        let known = known(source, &moved, &orders).await?;
        let mut out = String::new();
        for moved in moved.iter().filter(|moved| moved.net != 0) {
            let subject = moved.journal.subject.as_str();
            let number = moved.journal.number.to_string();
            let (ours, theirs) = known.get(subject).cloned().unwrap_or((number, String::new()));
            let (name, kind) = words(moved.journal.kind);
            let row = FlowRow {
                at: moved.journal.at,
                business_no: ours,
                flow_no: format!("{:020}1", moved.journal.number),
                name,
                kind,
                amount: moved.net,
                balance: moved.balance,
                applicant: applicant(source, moved.journal.kind),
                note: String::new(),
                voucher: theirs,
            };
            match moved.journal.kind {
                JournalKind::Payment => {
                    let paid = orders.paid(source, &moved.journal);
                    self.payment(&mut out, &row, &paid, moved)?;
                }
                JournalKind::Refund | JournalKind::RefundStart => {
                    let (total, fee) = (yuan(moved.net.abs() + moved.fee.abs()), yuan(-moved.fee));
                    let note = format!("退款总金额{total}元;含手续费{fee}元");
                    self.0.push(&mut out, &FlowRow { note, ..row });
                }
                _ => self.0.push(&mut out, &row),
            }
        }
        Ok(out)
    }

    /// Two lines for each order that was paid into the balance.
    fn payment(
        &mut self,
        out: &mut String,
        row: &FlowRow,
        paid: &[&Order],
        moved: &Moved,
    ) -> Result<(), Fault> {
        // What of it waits for sharing is not in the balance yet.
        let settled: Vec<&&Order> = paid.iter().filter(|order| !order.is_shared()).collect();
        let net: i64 = settled.iter().map(|order| order.amount.minor() - order.fee_minor).sum();
        if net != moved.net {
            let number = moved.journal.number;
            return Err(Fault::defect(&format!("journal {number} and its orders differ")));
        }
        let mut balance = moved.balance - net;
        for (order, line) in settled.into_iter().zip((1..).step_by(2)) {
            let row = FlowRow {
                business_no: order.transaction_id.clone().unwrap_or_default(),
                voucher: order.out_trade_no.clone(),
                ..row.clone()
            };
            let flow_no = |line: usize| format!("{:020}{line}", moved.journal.number);
            let (amount, fee) = (order.amount.minor(), order.fee_minor);
            balance += amount;
            let gross = FlowRow { amount, balance, flow_no: flow_no(line), ..row.clone() };
            self.0.push(out, &gross);
            balance -= fee;
            if fee != 0 {
                let (flow_no, kind) = (flow_no(line + 1), "扣除交易手续费");
                self.0.push(out, &FlowRow { amount: -fee, balance, flow_no, kind, ..row });
            }
        }
        Ok(())
    }
}

/// The numbers of what moved money, by the subjects of journals; payments have them from their
/// orders.
async fn known(
    source: &Source,
    moved: &[Moved],
    orders: &Orders,
) -> Result<HashMap<String, Numbers>, Fault> {
    let numbers = |kind: &str| {
        let numbers = moved.iter().filter_map(|one| own_number(&one.journal, kind, &source.mchid));
        numbers.map(str::to_owned).collect::<Vec<_>>()
    };
    let subject = |kind: &str, number: &str| format!("{kind}:{}:{number}", source.mchid);
    let mut known = HashMap::new();
    for one in moved {
        if let Some((refund, _)) = orders.refunded(&one.journal) {
            let numbers = (refund.refund_id.clone(), refund.out_refund_no.clone());
            known.insert(one.journal.subject.as_str().to_owned(), numbers);
        }
    }
    let transfers = numbers("merchant_transfer");
    for transfer in source.rows::<MerchantTransfer>("out_bill_no", transfers).await? {
        let ours = transfer.transfer_bill_no;
        let subject = subject("merchant_transfer", &transfer.out_bill_no);
        known.insert(subject, (ours, transfer.out_bill_no));
    }
    Ok(known)
}

/// Name and kind of a movement.
fn words(kind: JournalKind) -> (&'static str, &'static str) {
    match kind {
        JournalKind::Payment => ("交易", "交易"),
        JournalKind::Refund | JournalKind::RefundStart => ("退款", "退款"),
        JournalKind::RefundReturn => ("退款", "退款退回"),
        JournalKind::MerchantTransferReserve | JournalKind::TransferBatchReserve => {
            ("商家转账", "转账")
        }
        JournalKind::MerchantTransferReturn | JournalKind::TransferDetailReturn => {
            ("商家转账", "转账退回")
        }
        JournalKind::ProfitShare => ("分账", "分账"),
        JournalKind::ProfitUnfreeze => ("分账", "解冻"),
        JournalKind::ProfitReturn => ("分账", "分账回退"),
        JournalKind::TopUp
        | JournalKind::WithdrawalStart
        | JournalKind::WithdrawalSettle
        | JournalKind::WithdrawalReturn
        | JournalKind::MerchantTransferSettle
        | JournalKind::TransferDetailSettle
        | JournalKind::RefundSettle
        | JournalKind::LatePayment
        | JournalKind::Suspense => ("其他", "其他"),
    }
}

/// What a merchant asked for carries its name, the rest ours.
fn applicant(source: &Source, kind: JournalKind) -> String {
    match kind {
        JournalKind::Refund
        | JournalKind::RefundStart
        | JournalKind::MerchantTransferReserve
        | JournalKind::TransferBatchReserve
        | JournalKind::ProfitShare
        | JournalKind::ProfitUnfreeze
        | JournalKind::ProfitReturn => format!("{}API", source.mchid),
        JournalKind::Payment
        | JournalKind::RefundReturn
        | JournalKind::RefundSettle
        | JournalKind::LatePayment
        | JournalKind::MerchantTransferReturn
        | JournalKind::TransferDetailReturn
        | JournalKind::TransferDetailSettle
        | JournalKind::TopUp
        | JournalKind::WithdrawalStart
        | JournalKind::WithdrawalSettle
        | JournalKind::WithdrawalReturn
        | JournalKind::MerchantTransferSettle
        | JournalKind::Suspense => "system".into(),
    }
}
