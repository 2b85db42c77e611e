//! The words of `BROADCAST`.

use bytes::Bytes;
use fanfold_engine::{
    Action, BroadcastAction, BroadcastId, BroadcastsPage, BroadcastsQuery, Command as Write,
    NewPost, ReplayContent, SessionId, Timestamp,
};

use super::{Command, Words, Wrong};

const VERBS: [&str; 7] = ["SCHEDULE", "RESCHEDULE", "START", "END", "CANCEL", "SHOW", "FEED"];

impl Words<'_> {
    /// `SCHEDULE user time text... | RESCHEDULE id time | START id | START BY user [text...] | ...`
    pub(super) fn broadcast(&mut self, line: &Bytes) -> Result<Command, Wrong> {
        let verb = self.required("verb")?.to_ascii_uppercase();
        let action = match verb.as_str() {
            "SHOW" => return Ok(Command::Broadcast(self.broadcast_id()?)),
            "FEED" => return Ok(Command::Broadcasts(self.broadcast_feed()?)),
            "SCHEDULE" => {
                let author = self.user("user")?;
                let at = Timestamp(self.number("time")?);
                let content = NewPost { author, text: self.text(line), ..NewPost::default() };
                BroadcastAction::Schedule { at, content }
            }
            "RESCHEDULE" => BroadcastAction::Reschedule {
                broadcast: self.broadcast_id()?,
                at: Timestamp(self.number("time")?),
            },
            "START" if self.is_next("by") => {
                let author = self.user("user")?;
                let content = NewPost { author, text: self.text(line), ..NewPost::default() };
                BroadcastAction::StartNew { content }
            }
            "START" => BroadcastAction::Start { broadcast: self.broadcast_id()? },
            "END" => {
                let broadcast = self.broadcast_id()?;
                let text = Some(self.text(line)).filter(|text| !text.is_empty());
                let replay = ReplayContent { text, ..ReplayContent::default() };
                BroadcastAction::End { broadcast, replay }
            }
            "CANCEL" => BroadcastAction::Cancel { broadcast: self.broadcast_id()? },
            _ => {
                return Err(self.wrong(format!("`{verb}` is not one of {}", VERBS.join(", "))));
            }
        };
        Ok(Command::Write(Write::new(Action::Broadcast(action))))
    }

    fn broadcast_id(&mut self) -> Result<BroadcastId, Wrong> {
        self.number("broadcast").map(BroadcastId)
    }

    /// `user [limit] [DEVICE number] [SESSION number [AFTER id]]`
    fn broadcast_feed(&mut self) -> Result<BroadcastsQuery, Wrong> {
        let user = self.user("user")?;
        let limit = self.limit()?;
        let page = if self.is_next("session") {
            let session = SessionId(self.number("session")?);
            let after = if self.is_next("after") { Some(self.number("entry")?) } else { None };
            BroadcastsPage::Next { session, after }
        } else {
            let device = if self.is_next("device") { Some(self.number("device")?) } else { None };
            BroadcastsPage::First { device }
        };
        Ok(BroadcastsQuery { user, viewer: None, page, limit })
    }
}

#[cfg(test)]
mod tests {
    use fanfold_engine::UserId;

    use super::super::parse;
    use super::*;

    fn read(line: &str) -> Result<Option<Command>, Wrong> {
        parse(&Bytes::copy_from_slice(line.as_bytes()))
    }

    fn write(action: BroadcastAction) -> Result<Option<Command>, Wrong> {
        Ok(Some(Command::Write(Write::new(Action::Broadcast(action)))))
    }

    #[test]
    fn broadcasts_are_begun_by_users_and_named_by_ids() {
        let content = |text: &'static str| NewPost {
            author: UserId(7),
            text: Bytes::from_static(text.as_bytes()),
            ..NewPost::default()
        };
        let at = Timestamp(90);
        let schedule = BroadcastAction::Schedule { at, content: content("a show") };
        assert_eq!(read("broadcast schedule 7 90 a show"), write(schedule));
        let new = BroadcastAction::StartNew { content: content("") };
        assert_eq!(read("BROADCAST START BY 7"), write(new));
        let broadcast = BroadcastId(5);
        assert_eq!(read("BROADCAST START 5"), write(BroadcastAction::Start { broadcast }));
        assert_eq!(read("BROADCAST CANCEL 5"), write(BroadcastAction::Cancel { broadcast }));
        let replay = ReplayContent::default();
        assert_eq!(read("BROADCAST END 5"), write(BroadcastAction::End { broadcast, replay }));
        assert_eq!(read("BROADCAST SHOW 5"), Ok(Some(Command::Broadcast(broadcast))));
        let page = BroadcastsPage::Next { session: SessionId(8), after: Some(5) };
        let query = BroadcastsQuery { user: UserId(7), viewer: None, page, limit: 2 };
        let line = "BROADCAST FEED 7 2 SESSION 8 AFTER 5";
        assert_eq!(read(line), Ok(Some(Command::Broadcasts(query))));
        assert!(read("BROADCAST START").is_err() && read("BROADCAST STOP 5").is_err());
    }
}
