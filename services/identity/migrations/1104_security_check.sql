-- A6.2: the board's checks of the accounts' security, kept for good: insert only. Words stand sealed.

create table security_check (
    school_id     text        not null,
    id            uuid        not null,
    account_count int         not null,
    note          bytea       not null,
    checked_at    timestamptz not null,
    checked_by    uuid        not null,
    constraint security_check_pk primary key (school_id, id)
);

create table security_finding (
    school_id  text  not null,
    check_id   uuid  not null,
    place      int   not null,
    account_id uuid  not null,
    sign       text  not null,
    note       bytea not null,
    constraint security_finding_pk primary key (school_id, check_id, place),
    constraint security_finding_check_fk foreign key (school_id, check_id) references security_check (school_id, id),
    constraint security_finding_account_fk foreign key (school_id, account_id) references account (school_id, id),
    constraint security_finding_sign_known check (sign in ('never_used', 'no_second_factor', 'parallel_clients',
        'shared_client', 'failed_attempts', 'role_unused'))
);

alter table security_check enable row level security;
alter table security_check force row level security;
create policy security_check_school on security_check using (school_id = current_setting('hocba.school', true));
create policy security_check_owner on security_check to current_user using (true);
alter table security_finding enable row level security;
alter table security_finding force row level security;
create policy security_finding_school on security_finding using (school_id = current_setting('hocba.school', true));
create policy security_finding_owner on security_finding to current_user using (true);
grant select, insert on security_check, security_finding to hocba_identity;
