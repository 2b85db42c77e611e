//! What may have happened between users, about a group and about a broadcast: each has the tag of a change.

/// What happened about a broadcast. With an end a post came to be; its id is the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BroadcastChange {
    Schedule = 20,
    Reschedule = 21,
    Start = 22,
    End = 23,
    Cancel = 24,
}

impl BroadcastChange {
    /// All of them, in the order of their tags.
    pub const ALL: [Self; 5] =
        [Self::Schedule, Self::Reschedule, Self::Start, Self::End, Self::Cancel];
}

/// What happened between two users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum EdgeChange {
    Follow = 4,
    Unfollow = 5,
    Mute = 6,
    Unmute = 7,
    Block = 8,
    Unblock = 9,
    /// The user asks to follow the other.
    Request = 27,
    /// The user does not ask any more.
    Withdraw = 28,
    /// The user does not let the other follow.
    Deny = 38,
}

/// What happened about a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum GroupChange {
    Create = 10,
    Delete = 11,
    Add = 12,
    Remove = 13,
}

impl EdgeChange {
    /// All of them, in the order of their tags.
    pub const ALL: [Self; 9] = [
        Self::Follow,
        Self::Unfollow,
        Self::Mute,
        Self::Unmute,
        Self::Block,
        Self::Unblock,
        Self::Request,
        Self::Withdraw,
        Self::Deny,
    ];
}

impl GroupChange {
    /// All of them, in the order of their tags.
    pub const ALL: [Self; 4] = [Self::Create, Self::Delete, Self::Add, Self::Remove];

    /// Whether it is about a member.
    #[must_use]
    pub fn has_member(self) -> bool {
        matches!(self, Self::Add | Self::Remove)
    }
}
