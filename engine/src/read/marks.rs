//! How far a user has seen their feeds. Private, as groups are: only the user and the trusted
//! application may ask. Wholly in memory.

use crate::commit::decide_groups::no_group;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{GroupId, UserId};
use crate::mark::{DeviceMark, Feed, Marks, MarksQuery};
use crate::shared::Shared;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The mark of a feed, and that of each device.
pub(crate) fn marks(shared: &Shared, query: &MarksQuery) -> Result<Marks> {
    check_owner(query.user, query.viewer)?;
    let state = shared.state()?;
    let (owner, feed) = find(&state, query.user, &query.feed)?;
    let marks = owner.map_or(&[][..], |owner| state.marks.of(owner, feed));
    let device =
        |mark: &crate::views::marks::Mark| DeviceMark { device: mark.device, post: mark.post };
    Ok(Marks {
        position: state.position,
        mark: marks.iter().map(|mark| mark.post).max().unwrap_or_default(),
        devices: marks.iter().map(device).collect(),
    })
}

/// The user, if anything is known of them, and what the feed is known by.
pub(crate) fn find(state: &State, user: UserId, feed: &Feed) -> Result<(Option<Ordinal>, GroupId)> {
    let owner = state.find(user);
    match feed {
        Feed::Home => Ok((owner, GroupId(0))),
        Feed::Group(name) => {
            let group = owner.and_then(|owner| state.groups.find(owner, name));
            group.map(|group| (owner, group.id)).ok_or_else(|| no_group(user, name))
        }
    }
}

/// Refuses everybody else.
pub(crate) fn check_owner(user: UserId, viewer: Option<UserId>) -> Result<()> {
    match viewer.filter(|viewer| *viewer != user) {
        Some(viewer) => {
            let what = format!("user {viewer} cannot see what user {user} has read");
            Err(Error::new(ErrorKind::Denied, what))
        }
        None => Ok(()),
    }
}
