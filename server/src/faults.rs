//! What goes wrong inside the engine by itself is told in the log once, when it is found: nobody may be
//! looking at metrics.

use std::sync::Arc;
use std::time::Duration;

use fanfold_engine::Engine;
use tokio_util::sync::CancellationToken;

use crate::service::Service;

/// Between two looks.
const PERIOD: Duration = Duration::from_secs(5);

/// Tells until the server is closed.
pub(crate) async fn tell(service: Arc<Service>, closed: CancellationToken) {
    let mut told = Told::default();
    while closed.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_some() {
        for fault in told.news(&service.engine) {
            tracing::error!("{fault}");
        }
    }
}

/// What was told already.
#[derive(Debug, Default)]
struct Told {
    audit: Option<String>,
    writes: Option<String>,
}

impl Told {
    fn news(&mut self, engine: &Engine) -> Vec<String> {
        let audit = engine.audit_failure().map(|what| format!("a home was wrong: {what}"));
        let writes = engine.unavailable_reason().map(|error| format!("no more writes: {error}"));
        [(&mut self.audit, audit), (&mut self.writes, writes)]
            .into_iter()
            .filter_map(|(before, now)| {
                let is_news = *before != now;
                before.clone_from(&now);
                now.filter(|_| is_news)
            })
            .collect()
    }
}
