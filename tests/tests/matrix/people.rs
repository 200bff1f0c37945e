//! One person for each role, and what they ask about.

use anyhow::Context;
use hocba_cluster::{
    Cluster,
    filled::Places,
    person::Person,
    school::{School, account, request_id},
};
use hocba_proto::{
    identity::{
        Account, CreateAccountRequest, CreateWorkingGroupRequest, WorkingGroup,
        identity_service_client::IdentityServiceClient, working_group,
    },
    records::{
        BatchCreateTeachingAssignmentsRequest, ListPupilsRequest, OpenEntrySessionRequest, TeachingAssignment,
    },
    types::Semester,
    workflow::{
        DecideLockOrderRequest, ExecuteLockOrderRequest, LockOrder, ProposeLockOrderRequest,
        decide_lock_order_request::Decision, lock_order::Kind,
        workflow_service_client::WorkflowServiceClient,
    },
};

/// Everybody, and the three places: own class, another class, another school.
pub(crate) struct People {
    pub(crate) roles: Vec<(&'static str, Person)>,
    pub(crate) places: Vec<Places>,
    school: School,
}

impl People {
    pub(crate) async fn make(cluster: &Cluster) -> anyhow::Result<Self> {
        let names = |names: [&str; 2]| names.map(str::to_owned);
        let (first, second) = (
            names(["Kiều Quỳnh Thơ", "Lục Bảo Ngân"]),
            names(["Ngô An Bình", "Vũ Gia Hân"]),
        );
        let classes: [(&str, &[String]); 2] = [("5A", &first), ("5B", &second)];
        let school = School::make_of(cluster, &classes).await?;
        let other = School::make_of(cluster, &classes).await?;
        let operator = cluster.sign_in(&cluster.operator()?).await?;
        let officer = officer(cluster, &operator, &school.name).await?;
        let mut roles = vec![
            ("principal", school.principal.clone()),
            ("system_admin", school.admin.clone()),
            ("operator", operator),
            ("district_officer", officer),
        ];
        for role in [
            "vice_principal",
            "subject_teacher",
            "homeroom_teacher",
            "office_clerk",
            "inspector",
        ] {
            roles.push((
                role,
                account(cluster, &school.principal, &school.name, &[role]).await?,
            ));
        }
        roles.push(("working_group", working_group(cluster, &school).await?));
        // Whom permitted callers may do things to: nobody signs in as this one.
        let victim = account(cluster, &school.admin, &school.name, &["subject_teacher"]).await?;
        let mut people = Self {
            roles,
            places: Vec::new(),
            school,
        };
        people.assign().await?;
        let own = people
            .place(&people.school, "5a", &victim, &["subject_teacher"])
            .await?;
        let another = people.place(&people.school, "5b", &victim, &[]).await?;
        let elsewhere = people.place(&other, "5a", &other.teacher.clone(), &[]).await?;
        people.places = vec![own, another, elsewhere];
        Ok(people)
    }

    /// The table's columns.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.roles.iter().map(|(role, _)| *role).collect()
    }

    fn person(&self, role: &str) -> anyhow::Result<&Person> {
        let found = self.roles.iter().find(|(name, _)| *name == role);
        Ok(&found.with_context(|| format!("nobody is {role}"))?.1)
    }

    /// 5A is the two teachers' own: TO the one's, qualities and competencies the other's. 5B is nobody's of them.
    async fn assign(&self) -> anyhow::Result<()> {
        let year = format!("{}/years/2025-2026", self.school.name);
        let assignment = |class: &str, item: &str, teacher: &str| TeachingAssignment {
            class: format!("{year}/classes/{class}"),
            item: item.to_owned(),
            teacher: teacher.to_owned(),
            teacher_name: "Giáo viên".to_owned(),
        };
        let subject = &self.person("subject_teacher")?.login.account;
        let homeroom = &self.person("homeroom_teacher")?.login.account;
        let colleague = &self.school.teacher.login.account;
        let request = BatchCreateTeachingAssignmentsRequest {
            parent: year.clone(),
            assignments: vec![
                assignment("5a", "TO", subject),
                assignment("5a", "criteria", homeroom),
                assignment("5b", "TO", colleague),
                assignment("5b", "criteria", colleague),
            ],
            request_id: request_id(),
        };
        let mut records = self.school.records();
        records
            .batch_create_teaching_assignments(self.school.admin.ask(request)?)
            .await?;
        Ok(())
    }

    /// What stands for `{class}`, `{pupil}` and the like at one place.
    async fn place(
        &self,
        school: &School,
        class: &str,
        victim: &Person,
        own: &[&str],
    ) -> anyhow::Result<Places> {
        let mut records = school.records();
        let name = format!("{}/years/2025-2026/classes/{class}", school.name);
        let list = ListPupilsRequest { parent: name.clone() };
        let pupils = records
            .list_pupils(school.principal.ask(list)?)
            .await?
            .into_inner()
            .pupils;
        let pupil = &pupils.first().context("a class has pupils")?.name;
        let teacher = match own.first() {
            Some(role) => self.person(role)?,
            None => &school.teacher,
        };
        let open = OpenEntrySessionRequest {
            mark_sheet: format!("{name}/markSheets/to-end2"),
            request_id: request_id(),
        };
        let session = records
            .open_entry_session(teacher.ask(open)?)
            .await?
            .into_inner()
            .name;
        let id = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Places::default()
            .with("school", id(&school.name))
            .with("authority", id(&school.name))
            .with("class", class)
            .with("term", "marks-semester2")
            .with("pupil", id(pupil))
            .with("session", id(&session))
            .with("account", id(&victim.login.account)))
    }

    /// Locks the second semester's marks, as the regulation wants it: one decides, another executes.
    pub(crate) async fn lock(&self, cluster: &Cluster) -> anyhow::Result<()> {
        let (principal, admin) = (&self.school.principal, &self.school.admin);
        let (principal, admin) = (
            cluster.sign_in(&principal.login).await?,
            cluster.sign_in(&admin.login).await?,
        );
        let mut workflow = WorkflowServiceClient::new(cluster.channel());
        let request = ProposeLockOrderRequest {
            parent: self.school.name.clone(),
            lock_order: Some(LockOrder {
                kind: Kind::LockMarks.into(),
                year: format!("{}/years/2025-2026", self.school.name),
                semester: Semester::Two.into(),
                number: "01/QĐ".to_owned(),
                reason: "Hết học kì".to_owned(),
                ..LockOrder::default()
            }),
            request_id: request_id(),
        };
        let order = workflow
            .propose_lock_order(admin.ask(request)?)
            .await?
            .into_inner();
        let request = DecideLockOrderRequest {
            name: order.name.clone(),
            decision: Decision::Approve.into(),
            refusal: String::new(),
            act_token: principal
                .step_up("lock_order.decide", &order.digest, "principal")
                .await?,
            request_id: request_id(),
        };
        workflow.decide_lock_order(principal.ask(request)?).await?;
        let request = ExecuteLockOrderRequest {
            name: order.name.clone(),
            act_token: admin
                .step_up("lock_order.execute", &order.digest, "system_admin")
                .await?,
            request_id: request_id(),
        };
        workflow.execute_lock_order(admin.ask(request)?).await?;
        Ok(())
    }

    /// Fresh tokens for the second half: a token lives five minutes.
    pub(crate) async fn sign_in_again(&mut self, cluster: &Cluster) -> anyhow::Result<()> {
        let mut signing_in = tokio::task::JoinSet::new();
        for (role, person) in self.roles.clone() {
            let channel = cluster.channel();
            signing_in
                .spawn(async move { anyhow::Ok((role, Person::sign_in(&channel, &person.login).await?)) });
        }
        while let Some(done) = signing_in.join_next().await {
            let (role, person) = done??;
            for (name, old) in &mut self.roles {
                if *name == role {
                    *old = person.clone();
                }
            }
        }
        Ok(())
    }
}

/// An officer of the school's authority, which bears the school's id.
async fn officer(cluster: &Cluster, operator: &Person, school: &str) -> anyhow::Result<Person> {
    let email = format!("{}@matrix.example", uuid::Uuid::now_v7());
    let request = CreateAccountRequest {
        account: Some(Account {
            email: email.clone(),
            display_name: "Cán bộ".to_owned(),
            authority: school.replace("schools/", "authorities/"),
            ..Account::default()
        }),
        roles: vec!["district_officer".to_owned()],
        request_id: request_id(),
    };
    let mut identity = IdentityServiceClient::new(cluster.channel());
    let made = identity
        .create_account(operator.ask(request)?)
        .await?
        .into_inner();
    let login = Person::activate(&cluster.channel(), &email, &made.activation_code).await?;
    cluster.sign_in(&login).await
}

/// A member of the working group, by the principal's decision.
async fn working_group(cluster: &Cluster, school: &School) -> anyhow::Result<Person> {
    let member = account(cluster, &school.principal, &school.name, &[]).await?;
    let name = &member.login.account;
    let request = CreateWorkingGroupRequest {
        parent: school.name.clone(),
        working_group: Some(WorkingGroup {
            decision_number: "12/QĐ-TH".to_owned(),
            decision_date: "2025-09-05".to_owned(),
            end_date: "2027-05-31".to_owned(),
            members: vec![working_group::Member {
                account: name.clone(),
                duty: "Tổ trưởng".to_owned(),
            }],
            head: name.clone(),
            ..WorkingGroup::default()
        }),
        request_id: request_id(),
    };
    let mut identity = IdentityServiceClient::new(cluster.channel());
    identity
        .create_working_group(school.principal.ask(request)?)
        .await?;
    cluster.sign_in(&member.login).await
}
