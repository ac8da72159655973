//! The binary `jiaozi`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match jiaozi_server::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jiaozi: {error}");
            let mut cause = error.source();
            while let Some(deeper) = cause {
                eprintln!("  because: {deeper}");
                cause = deeper.source();
            }
            ExitCode::FAILURE
        }
    }
}
