-- A10.1: departments, teams and groups of a school's staff, and the roles their members hold by them. Nothing is
-- deleted: who left and what was taken back keep their rows and times.

create table staff_group (
    school_id    text        not null,
    id           uuid        not null,
    kind         text        not null,
    display_name text        not null,
    head         uuid,
    etag         bigint      not null,
    created_at   timestamptz not null,
    created_by   uuid        not null,
    closed_at    timestamptz,
    closed_by    uuid,
    constraint staff_group_pk primary key (school_id, id),
    constraint staff_group_head_fk foreign key (school_id, head) references account (school_id, id),
    constraint staff_group_kind_known check (kind in ('department', 'team', 'group')),
    constraint staff_group_closed check ((closed_at is null) = (closed_by is null))
);
create unique index staff_group_name_unique on staff_group (school_id, kind, display_name) where closed_at is null;

create table staff_group_member (
    school_id  text        not null,
    id         uuid        not null,
    group_id   uuid        not null,
    account_id uuid        not null,
    joined_at  timestamptz not null,
    joined_by  uuid        not null,
    left_at    timestamptz,
    left_by    uuid,
    constraint staff_group_member_pk primary key (school_id, id),
    constraint staff_group_member_group_fk foreign key (school_id, group_id) references staff_group (school_id, id),
    constraint staff_group_member_account_fk foreign key (school_id, account_id) references account (school_id, id),
    constraint staff_group_member_left check ((left_at is null) = (left_by is null))
);
create unique index staff_group_member_once on staff_group_member (school_id, group_id, account_id)
    where left_at is null;
create index staff_group_member_by_account on staff_group_member (school_id, account_id) where left_at is null;

create table staff_group_role (
    school_id     text        not null,
    id            uuid        not null,
    group_id      uuid        not null,
    role          text        not null,
    start_date    date        not null,
    end_date      date,
    granted_at    timestamptz not null,
    granted_by    uuid        not null,
    revoked_at    timestamptz,
    revoked_by    uuid,
    lapse_told_at timestamptz,
    constraint staff_group_role_pk primary key (school_id, id),
    constraint staff_group_role_group_fk foreign key (school_id, group_id) references staff_group (school_id, id),
    -- What the school's own people give; who is set up by the deployment or by a decision never comes by a group.
    constraint staff_group_role_known check (role in ('vice_principal', 'subject_teacher', 'homeroom_teacher',
        'office_clerk', 'inspector')),
    constraint staff_group_role_order check (end_date is null or end_date >= start_date),
    constraint staff_group_role_revoked check ((revoked_at is null) = (revoked_by is null))
);
create index staff_group_role_by_group on staff_group_role (school_id, group_id, id);
create index staff_group_role_by_end on staff_group_role (end_date) where revoked_at is null and lapse_told_at is null;

alter table staff_group enable row level security;
alter table staff_group force row level security;
create policy staff_group_school on staff_group using (school_id = current_setting('hocba.school', true));
create policy staff_group_owner on staff_group to current_user using (true);
alter table staff_group_member enable row level security;
alter table staff_group_member force row level security;
create policy staff_group_member_school on staff_group_member
    using (school_id = current_setting('hocba.school', true));
create policy staff_group_member_owner on staff_group_member to current_user using (true);
alter table staff_group_role enable row level security;
alter table staff_group_role force row level security;
create policy staff_group_role_school on staff_group_role using (school_id = current_setting('hocba.school', true));
create policy staff_group_role_owner on staff_group_role to current_user using (true);

grant select, insert on staff_group, staff_group_member, staff_group_role to hocba_identity;
grant update (display_name, head, etag, closed_at, closed_by) on staff_group to hocba_identity;
grant update (left_at, left_by) on staff_group_member to hocba_identity;
grant update (revoked_at, revoked_by, lapse_told_at) on staff_group_role to hocba_identity;

-- Who holds which role from when to when, as a person or as a member of a group: the one answer to that question. It
-- reads with the rights of who asks, so row security holds through it.
create view role_held with (security_invoker = true) as
    select school_id, account_id, role, start_date, end_date
      from role_binding where revoked_at is null
    union all
    select r.school_id, m.account_id, r.role, r.start_date, r.end_date
      from staff_group_role r
      join staff_group_member m on m.school_id = r.school_id and m.group_id = r.group_id
     where r.revoked_at is null and m.left_at is null;
grant select on role_held to hocba_identity;

-- Schools where a role or delegation has ended by its date and nobody was told yet.
create or replace function roles_lapsed(p_today date, out out_school text)
returns setof text language sql stable security definer set search_path = public, pg_temp
as $$ select school_id from role_binding
       where end_date < p_today and revoked_at is null and lapse_told_at is null
      union
      select school_id from staff_group_role
       where end_date < p_today and revoked_at is null and lapse_told_at is null
      union
      select school_id from delegation
       where end_date < p_today and revoked_at is null and lapse_told_at is null $$;
