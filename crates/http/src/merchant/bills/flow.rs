//! The lines of a fund-flow bill: every movement of the balance. A payment has two lines, what the
//! payer gave and what the fee took; both together are its one entry in the ledger.

use super::file::{Moved, Source};
use super::numbers::Numbers;
use super::orders::Orders;
use crate::merchant::fault::Fault;
use apiv3::bill::{FlowRow, FlowWriter};
use domain::ledger::{Journal, JournalKind};
use domain::order::Order;
use kernel::money::yuan;

/// See the module.
pub(super) struct FlowBill(pub(super) FlowWriter);

impl FlowBill {
    pub(super) async fn lines(
        &mut self,
        source: &Source,
        moved: Vec<Moved>,
    ) -> Result<String, Fault> {
        let orders = Orders::load(source, &moved).await?;
        let numbers = Numbers::load(source, &moved, &orders).await?;
        let mut out = String::new();
        for moved in moved.iter().filter(|moved| moved.net != 0) {
            let without = || (moved.journal.number.to_string(), String::new());
            let (ours, theirs) = numbers.of(&moved.journal).cloned().unwrap_or_else(without);
            let (name, kind) = words(moved.journal.kind);
            let row = FlowRow {
                at: moved.journal.at,
                business_no: ours,
                flow_no: format!("{:020}1", moved.journal.number),
                name,
                kind,
                amount: moved.net,
                balance: moved.balance,
                applicant: applicant(&moved.journal),
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

/// What a merchant asked for carries its number, whoever's line it is; the rest our name.
fn applicant(journal: &Journal) -> String {
    let asked_by = || {
        let (kind, id) = journal.subject.parts();
        // What becomes of an order by itself is about the order.
        let (mchid, _) = id.split_once(':').filter(|_| kind != "order")?;
        Some(format!("{mchid}API"))
    };
    let asked_by = match journal.kind {
        JournalKind::Refund
        | JournalKind::RefundStart
        | JournalKind::MerchantTransferReserve
        | JournalKind::TransferBatchReserve
        | JournalKind::ProfitShare
        | JournalKind::ProfitUnfreeze
        | JournalKind::ProfitReturn => asked_by(),
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
        | JournalKind::Suspense => None,
    };
    asked_by.unwrap_or_else(|| "system".into())
}
