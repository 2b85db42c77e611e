//! `CLIENTS`: one line a connection, oldest first.
//!
//! The name is what the peer calls itself; it comes out escaped, like everything of theirs.

use super::answer::line;
use crate::clients::Clients;
use crate::text::{count, escape};

pub(super) fn answer(clients: &Clients) -> String {
    let mut out = String::new();
    let open = clients.list();
    for client in &open {
        let name = match client.name() {
            "" => String::new(),
            name => format!("  name {}", escape(name.as_bytes())),
        };
        let (port, seconds) = (client.port.name(), client.since.elapsed().as_secs());
        let (id, peer, requests) = (client.id, client.peer, client.requests());
        let who = format!("client {id}  {peer}  {port}{name}");
        line(&mut out, format_args!("{who}  open {seconds} s  requests {requests}"));
    }
    line(&mut out, format_args!("({}, end)", count(open.len(), "entry", "entries")));
    out
}
