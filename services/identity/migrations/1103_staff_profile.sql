-- A6.1: personal facts of the staff. They stand sealed under a key of the account's own, which the master key wraps:
-- who forgets the wrapped key forgets the facts. Beside them stand only the names of the fields that are filled.

create table staff_profile (
    school_id   text        not null,
    account_id  uuid        not null,
    wrapped_key bytea       not null,
    sealed      bytea       not null,
    filled      text[]      not null,
    etag        bigint      not null,
    updated_at  timestamptz not null,
    updated_by  uuid        not null,
    constraint staff_profile_pk primary key (school_id, account_id),
    constraint staff_profile_account_fk foreign key (school_id, account_id) references account (school_id, id)
);

alter table staff_profile enable row level security;
alter table staff_profile force row level security;
create policy staff_profile_school on staff_profile using (school_id = current_setting('hocba.school', true));
create policy staff_profile_owner on staff_profile to current_user using (true);
grant select, insert on staff_profile to hocba_identity;
grant update (sealed, filled, etag, updated_at, updated_by) on staff_profile to hocba_identity;
