-- Roles and database of one service; a superuser runs it once:
--   psql -v service=records -f provision.sql     (then set the two logins' passwords)
-- hocba_<service>_owner owns everything and cannot log in; hocba_<service>_migrator may become the owner;
-- hocba_<service> is the running service and gets what the migrations grant, no more.
select format('create role hocba_%s_owner nologin', :'service')
where not exists (select from pg_roles where rolname = format('hocba_%s_owner', :'service')) \gexec
select format('create role hocba_%s_migrator login', :'service')
where not exists (select from pg_roles where rolname = format('hocba_%s_migrator', :'service')) \gexec
select format('create role hocba_%s login', :'service')
where not exists (select from pg_roles where rolname = format('hocba_%s', :'service')) \gexec
select format('grant hocba_%s_owner to hocba_%s_migrator', :'service', :'service') \gexec
select format('create database hocba_%s owner hocba_%s_owner', :'service', :'service')
where not exists (select from pg_database where datname = format('hocba_%s', :'service')) \gexec
select format('revoke all on database hocba_%s from public', :'service') \gexec
select format('grant connect on database hocba_%s to hocba_%s, hocba_%s_migrator', :'service', :'service', :'service') \gexec
\connect hocba_:service
select format('alter schema public owner to hocba_%s_owner', :'service') \gexec
revoke all on schema public from public;
