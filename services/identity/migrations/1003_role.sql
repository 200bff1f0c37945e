-- Roles, delegations and the networks of the premises. Nothing is deleted: a grant that was taken back
-- keeps its row and its times.

create table role_binding (
    school_id       text        not null,
    id              uuid        not null,
    account_id      uuid        not null,
    role            text        not null,
    start_date      date        not null,
    end_date        date,
    decision_number text        not null,
    decision_date   date,
    duty            text        not null,
    granted_at      timestamptz not null,
    granted_by      uuid,
    revoked_at      timestamptz,
    revoked_by      uuid,
    lapse_told_at   timestamptz,
    constraint role_binding_pk primary key (school_id, id),
    constraint role_binding_account_fk foreign key (school_id, account_id) references account (school_id, id),
    constraint role_binding_role_known check (role in ('principal', 'vice_principal', 'subject_teacher',
        'homeroom_teacher', 'system_admin', 'office_clerk', 'working_group', 'inspector', 'district_officer',
        'operator', 'integrator')),
    constraint role_binding_order check (end_date is null or end_date >= start_date),
    -- A6.1: the working group follows from a numbered, dated decision and ends with it.
    constraint role_binding_decided check (role <> 'working_group'
        or (decision_number <> '' and decision_date is not null and end_date is not null)),
    constraint role_binding_scope check ((role in ('operator', 'district_officer')) = (school_id = '_'))
);
create index role_binding_by_account on role_binding (school_id, account_id, id);
create index role_binding_by_end on role_binding (end_date) where revoked_at is null and lapse_told_at is null;

create table delegation (
    school_id       text        not null,
    id              uuid        not null,
    role            text        not null,
    delegator       uuid        not null,
    delegate        uuid        not null,
    start_date      date        not null,
    end_date        date        not null,
    decision_number text        not null,
    created_at      timestamptz not null,
    revoked_at      timestamptz,
    revoked_by      uuid,
    lapse_told_at   timestamptz,
    constraint delegation_pk primary key (school_id, id),
    constraint delegation_delegator_fk foreign key (school_id, delegator) references account (school_id, id),
    constraint delegation_delegate_fk foreign key (school_id, delegate) references account (school_id, id),
    constraint delegation_role_known check (role = 'principal'),
    constraint delegation_two_people check (delegator <> delegate),
    constraint delegation_order check (end_date >= start_date and end_date - start_date <= 366)
);
create index delegation_by_end on delegation (end_date) where revoked_at is null and lapse_told_at is null;

create table network (
    school_id    text        not null,
    id           uuid        not null,
    cidr         text        not null,
    display_name text        not null,
    created_at   timestamptz not null,
    created_by   uuid        not null,
    constraint network_pk primary key (school_id, id),
    constraint network_cidr_unique unique (school_id, cidr)
);

alter table role_binding enable row level security;
alter table role_binding force row level security;
create policy role_binding_school on role_binding using (school_id = current_setting('hocba.school', true));
create policy role_binding_owner on role_binding to current_user using (true);
alter table delegation enable row level security;
alter table delegation force row level security;
create policy delegation_school on delegation using (school_id = current_setting('hocba.school', true));
create policy delegation_owner on delegation to current_user using (true);
alter table network enable row level security;
alter table network force row level security;
create policy network_school on network using (school_id = current_setting('hocba.school', true));
create policy network_owner on network to current_user using (true);

grant select, insert on role_binding, delegation, network to hocba_identity;
grant update (revoked_at, revoked_by, lapse_told_at) on role_binding, delegation to hocba_identity;
