//! The self-test's notification: what a merchant asked to hear again.

use crate::command::{Command, Never, Once, Stop};
use crate::fact::FactKind;
use crate::record;
use crate::tx::Tx;
use kernel::Timestamp;

/// A message that a merchant has sent back to its own address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEcho {
    /// The merchant.
    pub mchid: String,
    /// Its number, drawn by the edge.
    pub number: String,
    /// The message.
    pub message: String,
    /// Where it is sent.
    pub notify_url: String,
    /// When it was asked for.
    pub at: Timestamp,
}

record!(SecurityEcho, "security_echo", Kept, mchid: String, number: String);

/// Has a message sent back.
#[derive(Clone, Debug)]
pub struct EchoSecurity {
    /// The merchant that signed the request.
    pub mchid: String,
    /// A new number.
    pub number: String,
    /// The message.
    pub message: String,
    /// Where it is sent.
    pub notify_url: String,
}

impl Command for EchoSecurity {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        let key = (self.mchid.clone(), self.number.clone());
        if tx.look::<SecurityEcho>(&key)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        tx.put(SecurityEcho {
            mchid: self.mchid.clone(),
            number: self.number.clone(),
            message: self.message.clone(),
            notify_url: self.notify_url.clone(),
            at: tx.now(),
        });
        tx.publish(FactKind::SecurityEchoed, &self.mchid, self.number.clone(), 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn an_echo_is_told_once_and_a_taken_number_is_drawn_again() {
        let mut world = World::new();
        let echo = EchoSecurity {
            mchid: "1900000001".into(),
            number: "1".into(),
            message: "hello".into(),
            notify_url: "https://tea.example/echo".into(),
        };
        world.run(&echo).unwrap();
        assert_eq!(world.decide(&echo), Err(Stop::Stale));
        let told: Vec<_> = world.facts().iter().map(|fact| (fact.kind, fact.journal)).collect();
        assert_eq!(told, [(FactKind::SecurityEchoed, 0)]);
    }
}
