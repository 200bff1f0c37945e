//! Who asks: the peer service by certificate, the person by token.

use std::{
    collections::BTreeSet,
    fmt,
    net::IpAddr,
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::error::Failure;

/// The name in a peer's certificate, such as `gateway` or `records`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Peer(String);

impl Peer {
    /// A peer of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $id:literal,)*) => {
        /// The roles of the regulation (articles.md).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role { $($(#[$doc])* $variant,)* }

        impl Role {
            /// All roles.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The role's id.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The role of an id.
            #[must_use]
            pub fn parse(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|role| role.as_str() == id)
            }
        }
    };
}

roles! {
    /// Hiệu trưởng.
    Principal = "principal",
    /// Phó hiệu trưởng.
    VicePrincipal = "vice_principal",
    /// Giáo viên bộ môn.
    SubjectTeacher = "subject_teacher",
    /// Giáo viên chủ nhiệm.
    HomeroomTeacher = "homeroom_teacher",
    /// Người quản trị hệ thống.
    SystemAdmin = "system_admin",
    /// Văn thư.
    OfficeClerk = "office_clerk",
    /// Tổ công tác Học bạ số, Ban quản lí hệ thống CSDL.
    WorkingGroup = "working_group",
    /// Ban Thanh tra nhân dân.
    Inspector = "inspector",
    /// Cán bộ cấp huyện.
    DistrictOfficer = "district_officer",
    /// Vận hành.
    Operator = "operator",
    /// Hệ thống tích hợp.
    Integrator = "integrator",
}

/// A person as an access token says.
#[derive(Clone)]
pub struct Person {
    /// The account.
    pub account: Uuid,
    /// The sign-in this token belongs to.
    pub sign_in: Uuid,
    /// The school the account belongs to.
    pub school: Option<String>,
    /// The authority, for officers and operators of one.
    pub authority: Option<String>,
    /// Roles in force when the token was given.
    pub roles: BTreeSet<Role>,
    /// Groups of fields that an integrator's grant names; a person has none and needs none.
    pub grant: BTreeSet<String>,
    /// Roles held by delegation, with the delegation's id.
    pub acting: Vec<(Role, String)>,
    /// The token itself, to be forwarded to peers.
    pub token: String,
}

impl fmt::Debug for Person {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("account", &self.account)
            .field("school", &self.school)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

impl Person {
    /// The account's resource name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("accounts/{}", self.account)
    }

    /// Whether the person holds the role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Who asks, and how long they wait.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The service or edge at the other end of the connection.
    pub peer: Peer,
    /// The person on whose behalf, if a token came along.
    pub person: Option<Person>,
    /// The recorded decision that work without a person carries out.
    pub decision: Option<String>,
    /// The client's address as the edge saw it.
    pub client_address: Option<IpAddr>,
    /// What the client calls itself, as the edge passed it on: its own word, which proves nothing.
    pub client_agent: Option<String>,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
}

impl Caller {
    /// The caller of a request: put there by [`crate::door`].
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self, Failure> {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Failure::internal("a request came past the door"))
    }

    /// The person, or UNAUTHENTICATED.
    pub fn person(&self) -> Result<&Person, Failure> {
        self.person.as_ref().ok_or_else(Failure::sign_in_first)
    }

    /// What idempotency and logs call this caller: the person's account or the peer.
    #[must_use]
    pub fn subject(&self) -> String {
        self.person
            .as_ref()
            .map_or_else(|| format!("peers/{}", self.peer), Person::name)
    }

    /// How long the caller still waits.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}
