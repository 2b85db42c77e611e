//! The answer to a write: what it did, and the position from which every read sees it.
//!
//! A write that found everything as asked says so: it succeeded and changed nothing. So does a follow of
//! somebody private, which became a request.

use fanfold_engine::Receipt;

pub(super) fn done(receipt: &Receipt) -> String {
    let Receipt { position, changed, post, requested } = receipt;
    match (post, changed) {
        (None, true) if *requested => format!("OK requested at {position}\n"),
        (None, false) if *requested => format!("OK unchanged, requested at {position}\n"),
        (Some(post), _) => format!("OK post {post} at {position}\n"),
        (None, true) => format!("OK changed at {position}\n"),
        (None, false) => format!("OK unchanged at {position}\n"),
    }
}
