-- The directory: authorities and their schools. It names no person, so no row security; who may see
-- which row is the policy's word. `_` in a school_id elsewhere means the deployment itself (operators,
-- district officers): no school can be called so, a school's id begins with a letter or digit.

create table authority (
    id           text        not null,
    display_name text        not null,
    created_at   timestamptz not null,
    created_by   uuid        not null,
    constraint authority_pk primary key (id),
    constraint authority_id_slug check (id ~ '^[a-z0-9][a-z0-9-]{0,29}$')
);

create table school (
    id           text        not null,
    authority_id text        not null,
    code         text        not null,
    display_name text        not null,
    commune      text        not null,
    province     text        not null,
    created_at   timestamptz not null,
    created_by   uuid        not null,
    constraint school_pk primary key (id),
    constraint school_id_slug check (id ~ '^[a-z0-9][a-z0-9-]{0,29}$'),
    constraint school_authority_fk foreign key (authority_id) references authority (id)
);
create index school_by_authority on school (authority_id, id);

grant select, insert on authority, school to hocba_identity;
