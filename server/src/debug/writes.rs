//! The answer to a write: what it did, and the position from which every read sees it.
//!
//! A write that found everything as asked says so: it succeeded and changed nothing.

use fanfold_engine::Receipt;

pub(super) fn done(receipt: &Receipt) -> String {
    let Receipt { position, changed, post } = receipt;
    match (post, changed) {
        (Some(post), _) => format!("OK post {post} at {position}\n"),
        (None, true) => format!("OK changed at {position}\n"),
        (None, false) => format!("OK unchanged at {position}\n"),
    }
}
