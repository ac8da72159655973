//! Statements that leave together and are answered together.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// A statement on its way.
pub(crate) type Step<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// How a flight went.
pub(crate) enum Flight<T, E> {
    /// This step could not leave, and none behind it did.
    Grounded(E),
    /// Every step left; each one's answer, in order.
    Landed(Vec<Result<T, E>>),
}

/// Sends the steps in order and waits for all answers. A step hands its bytes to the connection
/// when it is polled first, and the connection moves only when everything here waits: so a step
/// that is over at its first poll has not left, and the steps behind it are not tried.
pub(crate) async fn fly<T, E>(steps: Vec<Step<'_, T, E>>) -> Flight<T, E> {
    let mut steps: Vec<Option<Step<'_, T, E>>> = steps.into_iter().map(Some).collect();
    let mut answers: Vec<Option<Result<T, E>>> = steps.iter().map(|_| None).collect();
    let mut is_first = true;
    poll_fn(|context| {
        let mut is_waiting = false;
        for (step, answer) in steps.iter_mut().zip(&mut answers) {
            let Some(waiting) = step else { continue };
            match waiting.as_mut().poll(context) {
                Poll::Pending => is_waiting = true,
                Poll::Ready(Err(error)) if is_first => return Poll::Ready(Flight::Grounded(error)),
                Poll::Ready(result) => {
                    *step = None;
                    *answer = Some(result);
                }
            }
        }
        is_first = false;
        if is_waiting {
            return Poll::Pending;
        }
        Poll::Ready(Flight::Landed(answers.iter_mut().filter_map(Option::take).collect()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Notes when it is sent, waits as often as told, then answers.
    fn step<'a>(
        sent: &'a Mutex<Vec<u8>>,
        name: u8,
        mut waits: u32,
        answer: Result<u8, &'static str>,
    ) -> Step<'a, u8, &'static str> {
        let mut is_sent = false;
        Box::pin(poll_fn(move |context| {
            if !std::mem::replace(&mut is_sent, true) {
                sent.lock().unwrap().push(name);
            }
            if waits == 0 {
                return Poll::Ready(answer);
            }
            waits -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        }))
    }

    #[test]
    fn steps_leave_in_order_and_answers_stay_in_order() {
        let sent = Mutex::default();
        let steps =
            vec![step(&sent, 1, 3, Ok(1)), step(&sent, 2, 1, Err("no")), step(&sent, 3, 2, Ok(3))];
        let Flight::Landed(answers) = crate::runtime::once(fly(steps)) else {
            panic!("every step waits first");
        };
        assert_eq!(answers, [Ok(1), Err("no"), Ok(3)]);
        assert_eq!(*sent.lock().unwrap(), [1, 2, 3]);
    }

    #[test]
    fn nothing_leaves_behind_a_step_that_cannot() {
        let sent = Mutex::default();
        let steps =
            vec![step(&sent, 1, 3, Ok(1)), step(&sent, 2, 0, Err("no")), step(&sent, 3, 2, Ok(3))];
        let flight = crate::runtime::once(fly(steps));
        assert!(matches!(flight, Flight::Grounded("no")));
        assert_eq!(*sent.lock().unwrap(), [1, 2]);
    }
}
