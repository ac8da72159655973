//! A side of the product beside the model of it, as tests play them.

use super::ask::Answer;
use super::house::House;
use engine::Engine;
use proptest_state_machine::ReferenceStateMachine;

/// What can be seen after a deed: the answer, what everybody holds, and where everything stands.
pub type Seen = (Answer, Vec<i64>, Vec<String>);

/// The product, asked what the sequences of a model ask for.
pub trait Twin<S: ReferenceStateMachine> {
    /// Brings a new cast into the house.
    fn enter(house: &House, engine: &Engine, model: &S::State) -> Self;

    /// Asks the product.
    fn ask(&mut self, deed: &S::Transition) -> Seen;

    /// Asks the model.
    fn expect(model: &mut S::State, deed: &S::Transition) -> Seen;
}
