//! The nodes of a deployment.

use std::fmt;

use hocba_chassis::edges::EDGES;

/// One of our programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Who is who.
    Identity,
    /// Marks.
    Records,
    /// Orders, dossiers, reviews.
    Workflow,
    /// Fences of terms.
    Lock,
    /// Keys and ceremonies.
    Signing,
    /// Evidence, books, the log.
    Archive,
    /// The edge.
    Gateway,
}

impl Node {
    /// The six services, which have a database each.
    pub const SERVICES: [Self; 6] = [
        Self::Identity,
        Self::Records,
        Self::Workflow,
        Self::Lock,
        Self::Signing,
        Self::Archive,
    ];

    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Identity,
        Self::Records,
        Self::Workflow,
        Self::Lock,
        Self::Signing,
        Self::Archive,
        Self::Gateway,
    ];

    /// The name in certificates, packages and databases.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Records => "records",
            Self::Workflow => "workflow",
            Self::Lock => "lock",
            Self::Signing => "signing",
            Self::Archive => "archive",
            Self::Gateway => "gateway",
        }
    }

    /// The node of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|node| node.name() == name)
    }

    /// The program's file name.
    #[must_use]
    pub fn program(self) -> String {
        format!("hocba-{}", self.name())
    }

    /// The variable that tells another node where this one listens.
    #[must_use]
    pub fn address_variable(self) -> String {
        format!("HOCBA_{}_ADDR", self.name().to_uppercase())
    }

    /// The nodes this one may call, by the table the services enforce.
    #[must_use]
    pub fn calls(self) -> Vec<Self> {
        Self::SERVICES
            .into_iter()
            .filter(|to| EDGES.contains(&(self.name(), to.name())))
            .collect()
    }

    /// Whether this node has a database.
    #[must_use]
    pub fn is_service(self) -> bool {
        self != Self::Gateway
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a wire can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// One of our programs.
    Node(Node),
    /// The databases.
    Postgres,
    /// The mirror of the term lock.
    Redis,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => node.fmt(f),
            Self::Postgres => f.write_str("postgres"),
            Self::Redis => f.write_str("redis"),
        }
    }
}

impl From<Node> for End {
    fn from(node: Node) -> Self {
        Self::Node(node)
    }
}
