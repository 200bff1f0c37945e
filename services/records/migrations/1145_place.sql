-- Administrative units by code and time, beyond the provinces that every build ships. The country's register belongs to
-- no school: every school reads it, operators write it.

create table place (
    code          text        not null,
    valid_from    date        not null,
    name          text        not null,
    kind          text        not null,
    province_code text,
    valid_to      date,
    successor     text,
    imported_by   uuid        not null,
    imported_at   timestamptz not null,
    constraint place_pk primary key (code, valid_from),
    constraint place_kind check (kind in ('province', 'city', 'commune', 'ward', 'township', 'special_zone')),
    constraint place_code check (code ~ '^[0-9]{2}([0-9]{3})?$'),
    constraint place_province check ((length(code) = 5) = (province_code is not null)),
    constraint place_days check (valid_to >= valid_from)
);
create index place_of_province on place (province_code, code);

do $$
declare
    service text := current_setting('hocba.service_role');
begin
    execute format('grant select, insert, update (name, kind, province_code, valid_to, successor, imported_by, '
        'imported_at) on place to %I', service);
end $$;
