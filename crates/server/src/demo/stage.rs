//! How the story is told: a line for each step while it plays, and what came of it.

use super::client::Told;
use indicatif::{ProgressBar, ProgressStyle};
use std::future::Future;
use std::time::Duration;

/// Counts and prints the steps.
pub(crate) struct Stage {
    done: usize,
    bar: ProgressBar,
}

impl Stage {
    /// An empty stage for so many steps.
    pub(crate) fn new(steps: u64) -> Self {
        let bar = ProgressBar::new(steps);
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { done: 0, bar }
    }

    /// Plays one step. It gives what it brings and a line about its result.
    pub(crate) async fn step<T>(
        &mut self,
        title: &str,
        play: impl Future<Output = Told<(T, String)>>,
    ) -> Told<T> {
        self.bar.set_message(title.to_owned());
        let outcome = play.await;
        self.done += 1;
        let number = self.done;
        match outcome {
            Ok((brought, result)) => {
                self.say(&format!("  ok {number:>2}  {title}: {result}"));
                self.bar.inc(1);
                Ok(brought)
            }
            Err(differs) => {
                self.say(&format!("FAIL {number:>2}  {title}: {differs}"));
                self.bar.abandon();
                Err(differs)
            }
        }
    }

    /// Prints a line above the bar, or plainly where there is no terminal.
    pub(crate) fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            say!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// Ends the story.
    pub(crate) fn close(self) -> usize {
        self.bar.finish_and_clear();
        self.done
    }
}

/// Fen as yuan, for people.
pub(crate) fn yuan(fen: i64) -> String {
    format!("¥{}", kernel::money::yuan(fen))
}
