//! Races for payment codes: whoever scans at the same moment, a code is charged once.

use super::{House, Round, WHO};
use domain::catalogue::Code;
use domain::payment_code::Digits;
use engine::Engine;
use jiaozi_sim::model::ask::Answer;
use jiaozi_sim::model::{Product, Reference};
use std::sync::Barrier;

type Act = Box<dyn Fn(&Product) -> Answer + Send + Sync>;

/// A round whose person holds 100 fen and shows codes.
fn shown(house: &House, engine: &Engine) -> Round {
    let model = Reference::default().with_figure("paycode.reverse_wait_s", 0);
    let mut round = Round::new(house, engine, model);
    round.give(WHO, 100);
    round.product.turn_on_codes(WHO);
    round
}

/// Does everything at once, every second through the other engine.
fn at_once(round: &Round, engines: &[Engine], acts: &[Act]) -> Vec<Answer> {
    let barrier = Barrier::new(acts.len());
    std::thread::scope(|scope| {
        let acting = acts.iter().enumerate().map(|(place, act)| {
            let product = round.product.on(&engines[place % engines.len()]);
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                act(&product)
            })
        });
        let acting: Vec<_> = acting.collect();
        acting.into_iter().map(|one| one.join().expect("no act panics")).collect()
    })
}

fn count(answers: &[Answer], is: impl Fn(&Answer) -> bool) -> usize {
    answers.iter().filter(|answer| is(answer)).count()
}

fn is_done(answer: &Answer) -> bool {
    matches!(answer, Answer::Done(..))
}

/// Two merchants scan one code, each several times under different numbers.
pub(super) fn one_code(house: &House, engines: &[Engine]) {
    let round = shown(house, &engines[0]);
    let before = round.product.balances();
    let code = round.product.code(WHO, 0, Digits::Hidden);
    let scan = |place: usize| -> Act {
        let (number, code) = ((place % 2, place), code.clone());
        Box::new(move |product| product.scan(number, 30, &code, 1_000 + place as u64))
    };
    let acts: Vec<Act> = (0..8).map(scan).collect();
    let answers = at_once(&round, engines, &acts);
    let used = |answer: &Answer| *answer == Answer::Refused(Code::PaymentCodeUsed, 0);
    assert_eq!((count(&answers, is_done), count(&answers, used)), (1, 7), "{answers:?}");
    assert_eq!(before[WHO] - round.product.balances()[WHO], 30);
}

/// One request of one merchant, sent again and again.
pub(super) fn one_request(house: &House, engines: &[Engine]) {
    let round = shown(house, &engines[0]);
    let before = round.product.balances();
    let code = round.product.code(WHO, 0, Digits::Hidden);
    let scan = |place: u64| -> Act {
        let code = code.clone();
        Box::new(move |product| product.scan((0, 0), 30, &code, 1_000 + place))
    };
    let acts: Vec<Act> = (0..8).map(scan).collect();
    let answers = at_once(&round, engines, &acts);
    let new = |answer: &Answer| *answer == Answer::Done(0, 1, "");
    assert_eq!((count(&answers, is_done), count(&answers, new)), (8, 1), "{answers:?}");
    assert_eq!(before[WHO] - round.product.balances()[WHO], 30);
}

/// The payer confirms and refuses while the merchant reverses; in the end all is as before.
pub(super) fn one_waiting(house: &House, engines: &[Engine]) {
    let round = shown(house, &engines[0]);
    let before = round.product.balances();
    let code = round.product.code(WHO, 0, Digits::Shown);
    assert!(is_done(&round.product.scan((0, 0), 30, &code, 1_000)));
    let confirm =
        |by: u64| -> Act { Box::new(move |product| product.confirm(WHO, (0, 0), 30, by)) };
    let reverse = |by: u64| -> Act { Box::new(move |product| product.reverse((0, 0), by)) };
    let refuse = || -> Act { Box::new(|product| product.refuse(WHO, (0, 0))) };
    let acts = [confirm(1_001), refuse(), confirm(1_002), reverse(1_003), reverse(1_004), refuse()];
    let answers = at_once(&round, engines, &acts);
    let paid = |answer: &Answer| *answer == Answer::Done(0, 30, "");
    assert!(count(&answers, paid) <= 1, "{answers:?}");
    assert!(is_done(&answers[3]) && is_done(&answers[4]), "{answers:?}");
    assert_eq!(round.product.balances(), before, "{answers:?}");
}
