"""What was learnt for ``core.signatures.resemblance``: made by ``python -m tests.learn``; change that, not this."""

from __future__ import annotations

THRESHOLD = 0.35
MARGIN = 0.2
#: Of each category, in their order: its bias, and the failures that it was learnt from.
BIAS = (
    43,
    -37,
    -82,
    18,
    -30,
    -56,
    38,
    0,
    28,
    6,
    -91,
    -7,
    48,
    74,
    -5,
    -19,
    70,
    77,
    -10,
    71,
    -64,
    -87,
    12,
)
LABELLED = (
    88,
    38,
    38,
    47,
    32,
    24,
    55,
    46,
    62,
    71,
    54,
    96,
    98,
    63,
    48,
    75,
    117,
    113,
    56,
    46,
    17,
    18,
    23,
)
#: A word or two, and the weights by number of the category, in hundredths.
WEIGHTS = """\
aborted 12:92 22:133
aborting 17:90 18:105
about 13:97
above 0:120 7:82 12:97
accepted 12:148
accepting 0:191
accepting_connections 0:191
access 8:130 9:424 10:-85
access_control 9:111
access_denied 9:270
account 1:-81 2:163 9:131
accounts 10:99
action 20:110
active 0:121 5:120 20:87
active_record 0:105
address 12:100
admin 0:100
admin_shutdown 0:100
administrator 0:141
administrator_command 0:143
affect 14:107
affect_row 14:115
after 1:161 5:92 6:100 15:-94 17:-81
again 0:91 1:86 6:228 8:103 13:-80
aggregate 17:124
ago 13:-101 16:130 17:83
airbyte 22:219
airflow 0:-85 5:149 6:-85 8:-109 10:-129 17:123 18:121 20:268
airflow_not 16:96
airflow_sensor 13:204
all 1:151 16:-81 19:81 20:89 22:103
allocate 3:182
allocate_for 3:137
allow 4:133 9:123
allowed 3:146 5:99 18:104
allowed_when 3:92
already 6:241 14:113 16:-113 17:154 22:103
already_exists 17:132
alter 17:163
amount 11:395 12:304 13:-92 16:-130
amount_from 17:83
amount_not 11:107
amqp 10:122
analysis 10:-100 13:167
and_accepting 0:118
and_data 3:137
and_the 8:84
anon 3:103
anon_rss 3:103
another 4:99 6:270 17:-93
any_return 18:83
api 1:330 10:121 13:-88
api_group 9:98
api_version 10:176
app 1:95 22:126
appear 13:83 17:143
append 1:85 11:148
are_not 11:109
are_reserved 5:115
args 18:80
args_kwargs 18:83
argument 17:180 18:140
argument_types 17:105
array 3:206 15:121
array_with 3:137
arrow 11:246 15:112
arrow_invalid 11:94 15:120
assertion 12:281 14:223
assertion_error 12:245 14:233
associated 17:87
associated_with 17:87
attempt 2:85 9:176
attribute 17:117 18:294
attribute_append 18:81
attribute_error 18:344
auth 8:113
authenticate 8:99
authentication 8:463
authentication_failed 8:224
authorization 9:141 16:195
authorized 9:138 10:98
authorized_perform 9:111
available 4:155 16:-90 22:112
avro 15:187
aws 8:80
axis 11:85 14:106
back 22:174
back_off 22:176
backend 0:108
background 5:113
background_this 5:113
bad 0:100 7:-87 9:-149 10:-101 11:151 13:-112 15:262 18:181
bad_gateway 0:98
bad_gzip 15:109
bad_request 11:132 12:115 17:203
base 16:123
bash 19:208
batch 16:83
because 2:118 13:-116 18:157 22:112
been_exceeded 21:121
been_externally 22:157
before 13:168 18:112
before_the 18:132
between 11:-101 12:171 13:80
billing 2:219 16:95
binder 11:96
binder_error 11:96
block 4:223 17:140 20:101
blocked 4:131
body 2:145 17:124
broken 0:99 17:196
broken_dag 17:112
broken_incomplete 0:97
broker 9:94
bucket 10:109 11:-110 16:506
bucket_does 10:82
buffer 15:124
build 13:-80 18:95 20:195
build_mart 20:145
byte 15:328
byte_position 15:118
bytes 1:132 2:164 4:141 13:164 15:183 17:-147 18:-83
bytes_read 0:86
called 19:116
calling_the 2:82 10:82
can 1:106 3:113 13:-158 17:158 22:137
can_decode 15:118
canceled 7:193
canceled_canceling 7:101
canceling 6:166
canceling_statement 6:166
cancelled 7:198
cannot 7:-84 10:-100 12:-89 13:-120 14:149 17:214 18:300 19:-115
cannot_affect 14:115
cannot_import 18:198
cannot_open 1:101 18:127
cannot_run 20:84
cardinality 14:84
cardinality_violation 14:116
cast 12:267 17:-87
catalog 22:92
cause 11:80 18:105
cause_the 7:84
caused 3:110
caused_serialization 15:83
celery 16:150 22:201
certificate 8:110 16:148
changed 18:154
channel 10:100 11:87
char 15:108
character 11:81 15:234
character_varying 11:106
charset 8:156
check 1:-101 2:91 12:205
check_constraint 12:85
checkpoint 12:113
class 15:99
clause 17:162
client 2:123 8:307 10:89 15:-102 16:-108
client_error 1:99 2:145
clients 5:255
closed 17:127
cloud 1:93 9:80
cloud_storage 9:104
cluster 4:117 19:97
code 0:104 1:121 2:98 7:-105 8:152 9:146 10:153 12:-108 13:-112 15:-100 16:-86 17:-210 18:-137 19:109 22:212
code_message 8:129
code_not 10:90
code_unknown 10:99
codec 15:118
codec_can 15:118
collection 3:84 16:91
column 6:-110 8:-98 9:-82 10:-235 11:751 12:201 17:153
column_amount 12:122
column_char 15:109
column_column 11:189
column_list 14:100
column_name 17:92
column_values 12:83
columns 11:439 12:-154 15:122
command 0:87 3:109 16:134 17:-85
command_cannot 14:115
command_not 3:92
commit 6:263
commit_failed 6:241
compilation 17:183
compilation_error 17:183
complete 7:139
complete_within 7:146
completed 20:118 22:101
completed_with 22:89
compute 14:163
concurrency 5:83
concurrent 1:97 6:273
concurrent_update 6:191
condition 4:129 7:86
condition_disk 4:134
config 16:279
configuration 16:221
configured 12:125 14:124
configured_fail 12:141 14:134
conflict 6:359
conflict_update 14:103
conflict_with 6:117
conflicting 6:94
conn 5:105 16:116
connect 0:207 8:230 16:-96
connect_error 0:81
connection 0:629 5:446 6:-147 8:94 9:-148 11:-97 12:-125 13:-159 15:-148 16:118 17:88 18:-83 19:-99 22:-115
connection_broken 0:147
connection_closed 17:177
connection_due 0:105 7:96
connection_error 0:145 5:118
connection_failed 16:135
connection_pool 7:99
connection_refused 0:277
connection_reset 0:100
connection_server 5:157 8:139 16:127
connection_slots 5:115
connection_timed 0:123 5:81
connections 0:140 5:315 16:-146
connections_for 5:162
constraint 12:255 14:149 16:-83 22:118
constraint_failed 14:100
contain 16:132
container 3:180 16:98
container_config 16:105
contains 10:123
content 8:82 11:-93
content_type 8:110
context 15:224
context_copy 12:80 15:160
context_deadline 0:100
context_json 15:116
context_unnamed 11:81
context_while 6:98
contract 11:107
control 9:102 12:108
control_error 9:111
controller 19:112
controller_node 19:116
conversion 12:197
convert 12:262 15:98
convert_string 12:99
copy 12:122 15:125
copy_stage 11:91
core 19:151
could 0:98 4:157 6:136 7:-86 11:-109 13:-119 16:80 17:-184
could_not 0:102 4:105 6:139 7:-84 11:-107 13:-118 16:86 17:-182
count 13:160
count_between 13:94
country 11:139
counts 13:91
create 14:88 16:175
creating 2:-121 21:111
credentials 8:297 16:118
credentials_error 16:153
critical 22:144
crm 16:182
crm_api 16:137
csv 13:136 15:220
curl 16:116
curl_https 16:116
currency 11:156
current 17:95 19:145
currently 1:84 6:107
customer 11:212 12:155
customers 11:95
cycle 2:80 6:121
dag 7:81 11:-117 12:-101 16:94 17:87 18:94 19:108 20:158
dags 19:130
daily 1:-108 2:216 13:88 16:96
daily_limit 1:-103 2:212
data 3:97 6:-87 10:128 11:168 14:-112 15:333 16:-145
data_context 16:125
data_error 15:225
data_for 15:114
data_frame 11:89 18:110
data_from 10:110
data_interval 17:138
data_line 15:116
data_type 3:136
database 4:254 6:391 7:-84 9:161 13:-132 14:-109 17:-128
database_connection 5:81
database_error 4:106 8:149 10:92 16:-107 18:-82
dataset 10:133 14:93
datasource 8:87
date 11:86 12:153 13:124 15:-102
date_date 16:117
datetime 15:102
datetime_field 15:116
day 13:258 14:139 16:-81 17:95
day_out 12:99
days 13:87 16:179
dbt 17:282 18:111
deadline 0:95 7:134
deadline_exceeded 0:95 7:134
deadlock 6:149
decode 15:159 16:146
decode_byte 15:118
decode_error 15:159 16:146
default 5:158 17:108
defined 16:91
delete 4:135
delivery 16:130
denied 9:545
denied_error 9:87
denied_for 9:156
denied_when 9:146
dependencies 18:164 20:104
dependency 20:149
depends 17:165 20:110
description 8:107
deserialize 15:87
deserialize_data 15:87
destination 22:87
detail 6:144 10:142 11:-124 13:-96 14:95 15:94 16:-137
detail_failing 12:86
detail_key 12:101 14:155
detail_process 6:110
details 2:86 8:128
detected 0:110 19:134
detected_zombie 19:119
device 4:360
did 6:100 11:106 14:127
did_not 6:118 7:89 14:150
did_you 11:150
different 18:83
dim_customer 14:82
direct 7:113
direct_cause 7:84
directory 4:97 10:264 22:137
disabled 8:123
disconnected 0:252
disk 2:-91 4:434 21:217
disk_full 4:202
disk_pressure 4:134
disk_quota 2:-81 21:244
disk_space 4:141
division 17:218
division_zero 17:218
docker 22:138
documentation_url 1:80
does 0:-101 6:-101 8:110 9:91 10:244 11:206 12:-150 18:93
does_not 0:-101 6:-101 8:110 9:91 10:244 11:206 12:-150 18:93
domain 16:92
done 13:136 22:164
done_pass 20:108
double 12:157 15:-106
down 1:165 19:211
down_when 1:86
drive 21:115
drive_storage 21:121
dsn 16:219
dtype 14:163
dtype_name 14:164
due 4:118 6:246 7:185 17:-108 22:108
due_administrator 0:143
due_concurrent 6:125
due_lock 6:105
dump 18:108
dump_error 18:108
duplicate 14:507
duplicated 14:237
duration_seconds 13:93
during 0:123 3:226
during_handling 0:93 16:108
during_query 3:146
each 14:107
each_target 14:114
echo 19:164
either 16:177
element 11:-101 12:162 14:181
element_count 14:89
email 12:120
empty 21:112
enable 16:96
encoding 15:113
encountered 0:112 13:-99 15:117 16:107 17:128
encountered_error 13:-82 16:167 17:159
encountered_too 15:99
end 11:-96 12:-84 15:210 17:183
ended 15:89 20:91
enough 0:107 17:110
entity 16:113
entry 14:85
entry_for 14:85
environment 18:125
eof 0:190 15:117
eof_error 15:95
ephemeral 21:150
ephemeral_storage 21:85
equal 12:176
errno 0:323 5:108 6:109 9:167 15:-153 18:-104 21:237
errno_connection 0:244
errno_disk 21:118
errno_space 4:145
errno_such 16:114
error 0:94 3:-131 6:-88 7:-131 11:96 12:-139 13:-170 15:131 16:82 18:241 19:-134 22:117
error_amount 11:186
error_bad 15:110
error_can 3:154 17:124
error_canceling 6:105
error_cannot 8:85 14:83 18:182
error_checkpoint 16:80
error_client 0:-98 1:85 2:89 13:124 18:-81
error_code 1:88 2:132 6:117 8:189 10:136 22:-80
error_codec 15:118
error_column 11:100 17:89
error_command 19:125
error_connection 0:170
error_creating 2:-106 17:81 21:113
error_data 1:92 11:-105 17:133 18:131
error_day 12:99
error_description 8:107
error_detected 19:87
error_duplicate 14:126
error_encountered 3:81
error_errno 5:129 6:113 9:186 15:-143 17:-92 18:-85 21:252
error_error 0:159 1:165 4:-107 6:99 8:100 10:-126 11:-124 15:153 17:-97 21:168
error_event 22:162
error_executor 19:130
error_expected 15:181
error_expecting 15:84
error_failed 4:100 16:138
error_for 0:115 2:80
error_forbidden 9:251
error_got 17:-157 18:243
error_https 5:81
error_index 14:120
error_invalid 8:234 16:161
error_job 7:89
error_list 17:112
error_message 21:81
error_missing 9:128
error_model 11:162 20:117 22:87
error_module 18:268
error_near 17:182
error_none 22:99
error_not 12:-83 13:97 17:90 18:130
error_null 12:89
error_object 17:227 18:-108
error_oom 19:80
error_operation 21:99
error_order 8:280
error_process 22:111
error_queue 5:97
error_read 15:120
error_request 0:116 16:80
error_row 11:93
error_server 0:294 7:108
error_skip 20:102
error_ssl 0:96 8:118
error_stale 13:155
error_statement 7:92
error_syntax 17:138
error_the 0:-90 1:103 17:190
error_time 16:101
error_tokenizing 15:88
error_too 1:105
error_unable 4:143 11:183
error_unauthorized 8:170
error_unexpected 15:168
error_unterminated 15:87
error_validation 16:99
error_warehouse 2:108 16:110
error_worker 19:89
errors 4:101 11:80 12:82 22:160
errors_giving 15:99
errors_message 1:122
errors_reason 11:96
establish 0:121
event 22:267
event_failed 22:154
event_had 22:134
event_type 22:134
events 3:130 10:102
every 14:104
evicted 4:194 21:157
exactly 14:105
exceeded 1:182 2:524 3:119 5:-134 6:-132 7:280 9:-201 11:-102 12:-110 13:-125 14:-84 15:-119 18:-90 19:-124 21:352 22:-90
exceeded_during 3:146
exceeded_for 1:80 2:153 7:145
exceeded_message 2:150
exceeded_quota 2:195
exceeded_rate 1:154
exceeded_the 2:96
exceeded_your 2:298
exceeds 12:129 21:266
exceeds_temp 21:130
exceeds_the 21:153
exchange 10:119
execute 16:183 17:-131 18:95
executing 15:116
execution 1:135 3:88 7:187 16:-88 17:-84 18:95 22:110
executor 19:173
exhausted 1:87
exist 6:-86 8:105 10:314 11:116 12:-121 18:89
exists 6:151 17:114
exit 3:146 16:-90 22:217
exit_code 3:133 22:169
exit_status 0:100
exited 16:-95 19:285
exited_prematurely 19:91
exited_with 19:206 22:100
expect 12:147
expect_column 12:284
expect_table 13:118
expected 11:284 12:-125 13:275 14:-89
expected_incomplete 0:97
expecting 16:92
expired 8:610 9:-80 16:-120
export 10:-120 13:140 20:135
exporting 19:84
expression 16:101
extend 4:222
external 20:191
externally 22:116
externally_set 22:157
extra 11:129
extract 10:116 20:140
fail 12:120 14:108 18:213
fail_not 12:110
failed 0:-109 2:-166 8:101 9:-97 11:-141 13:-106 16:137 17:-122 20:429 22:103
failed_error 20:89
failed_fatal 5:203 8:170
failed_for 8:122 20:89
failed_reason 0:98 7:86
failed_resolve 10:83
failed_rows 16:90
failed_upload 7:83
failed_with 12:-84 17:144 20:219 22:-86
failing 10:122
failing_row 10:124
failure 4:136 6:101 12:110 22:-103
failure_model 17:91
failure_test 12:141 14:134
false 1:129 9:259 13:110 16:-81
false_error 1:96 9:125
fatal 0:-154 5:300 6:-90 8:111 10:146 17:-111 19:150
fatal_could 10:107
fatal_database 16:213
fatal_error 10:103 15:112
fatal_password 8:130
fatal_remaining 5:115
fatal_too 5:162
fault 19:181
fct 22:124
fetch 13:128
field 11:454 12:107 15:210
field_overflow 15:111
field_value 12:85
fields 11:144 15:96
file 0:-98 4:155 5:-80 6:-105 7:-91 9:132 10:124 13:193 15:530 16:-194 17:-227 18:-88 19:-109 21:236
file_directory 10:166
file_format 15:127
file_limit 21:130
file_line 12:151
file_not 13:121 15:134 18:-112 22:158
file_size 21:254
file_space 4:129
file_such 18:129
filepath 19:89
files 5:150 13:323 16:-111
files_for 13:187
find 16:86
finished 22:270
finished_with 22:141
first 8:91 11:120 19:162
float 15:82
following 16:95
footer 15:90
for_array 3:137
for_each 14:110
for_field 12:87
for_int 16:83
for_job 20:150
for_month 12:99
for_more 1:98 22:85
for_role 5:98
for_row 10:129
for_schema 9:106
for_share 6:81
for_the 10:111
for_this 6:88 16:150 17:-122 22:123
for_type 11:141 12:88 17:-82
for_url 2:114 13:80
for_user 8:130
forbidden 0:-129 2:216 6:-111 9:516 10:-109 17:-85
forbidden_exceeded 2:90 21:94
forbidden_for 9:162
forbidden_user 9:98
foreign 12:95
foreign_key 12:95
format 12:142 15:84 17:104 18:-96
format_missing 15:80
found 0:-86 2:-83 6:-113 7:-156 9:-107 10:425 12:-88 13:254 15:-101 16:215 17:-108 18:165
found_dataset 10:141 13:-107
found_error 10:104 13:161 15:-103 18:82
found_for 5:91 10:98 13:89 16:-127 17:-89 22:117
found_from 20:137
found_get 10:111 16:-85
found_message 10:82 13:88
found_not 13:220
found_table 13:145
found_when 15:92
frame 11:85 18:106 22:114
frame_object 18:142
frames 17:83
free 2:125
freshness 13:317
freshness_error 13:155
from_the 20:126
full 4:196
full_filepath 19:90
function 4:-86 17:183 21:99
further 19:228
gate 12:123
gateway 7:197
get 5:108 8:111 10:201 13:131 15:-86 17:-80
get_https 8:110 10:156 13:113
given 16:114
giving_rows 15:99
google 1:90
google_cloud 1:97
got 14:84 18:256
got_results 14:88
got_unexpected 18:185
grant 8:203
grant_error 8:113
greater 12:107
greater_than 12:107
group 9:85 17:149 19:107
group_the 9:98
gzip 15:151
gzip_file 15:152
had_event 22:134
handler 3:89
handling 0:93 16:108
handling_the 0:93 16:108
hard 7:85
has_attribute 18:215
has_been 6:93 21:95 22:90
has_expired 8:257
has_timed 13:84
have_permission 9:87
have_the 9:84
head 16:113
head_title 16:81
header 15:106 16:145 18:123
headers 16:83
heartbeat 19:195 22:-92
held 6:157
hint 17:244
hint_you 3:81
history 7:101
host 0:197 16:331 22:91
host_and 0:83
host_name 16:93
host_port 7:98
hostname 19:108
hourly 13:155
hours 13:95
html 0:82 8:158
html_head 16:81
http 2:157 9:253 10:142 11:-124 15:-97 16:-90 18:-130 19:-80
http_error 2:80 13:96 18:-97
http_response 6:128
http_status 12:95
https 0:222 1:120 2:176 3:-113 4:-110 10:163 12:-90 14:-107 15:-171 16:210 17:-167 22:-126
https_pretty 9:112
identity 17:122
idle 7:197
ignore 16:97 18:80
ignore_any 18:83
image 10:-118 16:126 18:356 22:92
image_pull 16:121
import 12:101 18:215
import_error 18:224
import_name 18:198
incompatible 18:109
incomplete 0:93
incomplete_read 0:97
incorrect 8:304 15:174 16:-82
increase 3:83
increase_max 3:83
incremental 19:132
index 4:108 11:153 14:268 15:-84 17:113
index_dtype 14:164
index_error 17:160
index_has 4:135
index_out 17:171
information 1:116
information_see 1:128
input 12:182
input_source 15:90
input_syntax 12:185
insert 11:88 14:85
insert_update 12:95
install 18:124
installed 18:278
instance 16:-89 17:-106 19:165 20:133 22:214
instance_has 22:157
instance_queued 19:87
insufficient 5:89 9:321
insufficient_privilege 9:187
insufficient_privileges 9:111
insufficient_quota 2:96
int 12:155
int_with 16:88
integer 11:134 12:102
integrity 14:127
internal 0:234
internal_error 0:169
internal_server 0:151
interval 17:169
interval_end 17:138
invalid 0:-98 1:-94 2:-101 3:-127 7:-107 8:401 9:-132 12:351 13:-134 15:266 16:178 18:94 19:-105 22:-94
invalid_could 15:90
invalid_grant 8:203
invalid_input 12:249
invalid_literal 16:88
invalid_location 11:93
invalid_message 12:83
invalid_operation 12:120
invalid_query 6:83 14:91 17:217
invalid_schema 10:90 11:90
invalid_start 15:91
invalid_token 16:91
invalid_value 15:-86 16:270
invoices 14:88
isn 16:96
isn_defined 16:96
issue 1:98
jinja 17:134
job 0:-98 2:128 7:150 8:-143 13:-103 14:153 15:-99 17:-162 19:157 20:249 22:-152
job_failed 10:98
job_full 19:90
job_started 13:94
job_with 10:99
join 7:80 14:154
json 11:107 12:-133 15:227
json_data 15:116
json_decode 15:125
kafka 9:98
kafka_error 9:98
key 0:-162 1:128 8:234 11:305 14:111 15:-152 16:172 18:-134 22:-88
key_constraint 12:95
key_does 13:101
key_error 1:203 8:82 11:356 14:-122 15:-102 16:127
key_violation 12:95
key_when 13:94
keys 1:200 11:96 14:328 16:-120 17:-86
keyword 18:175
keyword_argument 18:176
kill 19:173
killed 3:414
killed_process 3:103
known 16:131
kubelet_back 16:83
kubelet_error 16:85
kubernetes 3:141
kwargs_type 18:83
landing 10:118
large 3:138 21:98
larger 15:137
least 6:155 13:86
left 4:351
left_device 4:360
length 1:98 15:89 22:112
less 12:182
less_than 12:182
level 11:81 22:165
limit 0:-81 1:251 2:189 3:138 7:152 8:-105 9:-126 11:-94 13:-103 16:-108 17:-151 19:-100 21:466
limit_exceeded 1:110 2:124 3:113 7:146
limit_size 5:97
limited 2:93 21:95
limits 1:159
line 10:179 12:142 13:-121 15:315 17:140 22:-96
line_column 11:-179 15:245 16:220 17:-182
line_create 10:90
line_insert 18:84
line_select 10:106 17:198
list 17:194
list_index 17:112
literal 16:81
literal_for 16:88
load 0:-87 13:90 14:119 22:185
load_failed 10:97 20:97
load_job 14:94
loaded 13:133 15:104 19:116
loader 19:172
loading 3:119 15:124 18:98
local 22:114
location_none 16:91
location_query 12:98
location_reason 13:89
lock 6:643
lock_held 6:157
lock_timeout 6:105
lock_transaction 6:81
lock_wait 6:112
locked 6:390
locks 3:83
locks_per 3:83
log 0:-116 8:124 16:-122 20:223 22:86
logical 17:116
login 8:325
long 11:174
long_for 11:88
longer 7:144
longer_than 5:81 7:147
lookup 8:82 17:86
loop 17:149
lost 3:146 19:178
lost_error 19:91
low 4:108
low_resource 4:108
loyalty 11:101
macro 17:109
magic 15:199
main 6:111
make 13:125 22:143
make_makefile 22:163
makefile 22:163
manager 19:190
manual 14:105
manually 15:111
many 1:235 5:296 16:89 17:-80
many_connections 5:162
many_errors 15:99
many_requests 1:300 2:109
map 12:94 19:106
mapped 5:135
mapping 18:92
marker 13:135 15:98
marking 7:100 22:92
mart 10:163 20:112
match 11:224 17:-81 18:92
match_most 14:114
matches 13:94
matching 17:153
max 0:-80 1:171 2:90 5:241 11:-136 13:351 18:-91
max_locks 3:83
max_value 12:110
maximum 1:83 17:113
maxmemory 3:92
may 17:-81 18:147 22:134
mean 11:119
memory 3:862 17:-111
memory_error 3:305
memory_killed 3:103
memory_maxmemory 3:92
memory_used 3:93
merge 4:-91 14:105 20:107 21:98
message 2:226 5:-80 8:85 10:247 11:107 13:-96 16:-107 17:-119 18:-162 20:-93 21:120 22:-98
message_api 10:155
message_invalid 12:157
message_not 10:87
message_query 2:119
message_quota 2:-80 21:89
message_resources 3:101
message_the 1:172
messages 0:95 1:229 9:126 11:-105 16:-102 22:87
method 8:109
might_need 3:80
min 0:83 13:111 22:118
min_value 13:115
mismatch 11:168 18:119
missing 6:82 8:-91 13:191 16:93 17:131
missing_count 14:90
missing_data 15:80
missing_percent 14:94
mode 17:181
model 11:141 16:-83 17:124 20:105
model_depends 17:94
model_fct 22:134
modified 22:164
module 18:438
module_named 16:-104 18:284
module_not 18:199
month 12:249
monthly 2:182
more 0:98 5:81 7:-94 14:107
more_expected 0:97
more_information 1:120
more_than 14:185
most 0:-193 1:-115 2:-88 3:85 4:-104 9:171 10:151 11:87 13:-82 15:368 16:197 17:254 19:-155 20:-171 21:-127 22:-352
most_one 14:114
msg 19:87
must 9:145 11:-115 12:108 16:330
must_have 17:87
must_match 14:114
must_specify 16:94
name 8:-91 10:168 12:-118 13:-106 15:-82 16:161 18:108
name_service 16:96
named 18:187
named_which 17:94
namespace_reason 9:98
near 17:182
need_increase 3:83
needed 13:154
negative 12:150 15:119
new 3:154 11:98
newest 12:89 13:272
next 13:103
nightly 4:-87 6:86 21:98
node 4:191 19:224
node_controller 19:116
node_not 19:116
node_was 4:108
nodes 5:93 22:117
non 15:113
none 17:95 22:159
none_type 17:103 22:104
nonmissing 14:94
normal 19:158
not 0:-173 1:-257 2:-166 3:-102 5:-146 6:121 7:-90 10:295 12:111 13:254 14:-98 16:176 17:134 18:160 21:-165
not_allowed 18:114
not_authorized 9:100 10:98
not_available 22:154
not_been 16:84
not_complete 7:103
not_completed 19:123
not_convert 12:115
not_create 14:98
not_enough 0:107 17:110
not_exist 8:110 10:323 11:91 12:-103 13:91 18:99
not_find 16:156
not_found 0:-116 6:-112 9:-121 10:381 12:-98 13:266 15:-92 16:202 17:-86 18:219
not_have 9:202
not_index 11:82
not_known 16:131
not_match 11:181
not_null 12:204
not_obtain 6:86
not_open 15:81
not_parse 12:89
not_permitted 8:82
not_present 12:95
not_ready 13:115 19:108
not_serialize 6:84
not_subscriptable 22:108
not_there 13:169
not_valid 17:194
not_write 4:123
nothing 13:210
now 13:196
null 12:346
null_constraint 12:110
number 0:-92 2:135 5:95 12:159 17:156
numeric 12:219
numeric_value 12:117
object 9:111 10:85 12:-96 15:-112 17:115 18:263
object_has 17:81 18:144
object_not 17:121 22:105
object_operation 0:85
object_type 17:104
objects 13:134
observed 13:197
observed_value 13:118
obtain 6:86
occurred 0:148 7:89 11:-95 17:-99 18:-90
occurred_access 9:111
occurred_invalid 8:95
occurred_slow 1:86
occurred_such 13:84
off 22:175
off_pulling 16:85
offset 1:99
old 20:91
one 12:-85 14:322 16:-112 20:84
one_source 14:125
one_the 6:157
only 4:263 9:83 16:139 17:-126
oom 3:329 22:-100
oom_killed 3:280 22:-93
open 5:158 13:-90 16:-109 18:195
open_parquet 15:90
operand 17:181
operate 9:111
operation 0:96 1:145 6:190 9:122 16:-105 18:-97
operational 0:89 16:115
operational_error 0:89 16:115
operator 17:88 20:82
order 8:231 10:-82 11:197 12:-114 13:-82 14:200 15:-88 16:-100
ordered 11:164
orders 0:-85 9:172 10:-153 11:147 12:119 13:90 17:195 18:-131 22:-82
orders_customer 12:100
out 3:167 7:342 8:-80 12:96
out_after 7:157
out_memory 3:169
out_range 12:115
out_read 7:128
out_run 13:93
out_shared 3:83
out_timeout 5:92 16:98
output 13:100 19:168
overflow 5:94 15:109
overflow_field 12:109
overflow_reached 5:97
package 18:239
packages 18:137
padding 15:244
page 10:108 13:86
pandas 18:183
parallelism 5:91 22:80
parameter 8:112 16:96
parameters 20:135
parquet_file 15:90
parquet_input 15:90
parse 12:110 15:184 18:-95
parse_error 15:199
parse_string 12:119
parser 15:87 16:95
parser_error 16:100
parsing 16:278
parsing_error 16:107
part 10:105
partial 12:124
partial_unexpected 14:91
partition 7:87 10:213 17:134
partition_key 10:128
partitions 13:139
pass 20:96
pass_warn 20:108
password 8:282
password_authentication 8:130
path 16:174 17:-86 22:139
peer 0:100
pending 12:103 16:80 20:216
per_day 2:80
per_transaction 3:83
per_user 1:109
percent_nonmissing 14:94
percent_total 14:94
perform 9:111
permission 9:552 16:-85
permission_denied 9:294
permission_error 9:192
permitted 8:82
pgbouncer 5:147 17:119
pid 0:-92 3:89 6:181 7:185
plan 2:192
please 0:163 1:86
please_reduce 1:99
please_try 0:158
plugin 18:81
pod 3:88 6:-85 16:120 19:86
pod_took 5:100
pods 2:138 16:99
pods_forbidden 2:147 16:108
poking 13:194 20:167
poking_for 13:157 20:169
policy 9:221
pool 0:-115 5:400 10:-100 19:119
pool_host 7:99
pool_limit 5:97
port 16:162
port_failed 5:106 16:82
port_read 7:94
portal 8:92
position 12:152 16:-89 17:134
position_invalid 15:118
positional 17:122
post 16:123
post_https 16:108
postgres 16:91
precondition 6:155
precondition_failed 6:155
prematurely 19:91
present 12:82 22:140
present_table 12:95
pressure 4:134
pretty 9:109
pretty_print 9:109
previous 4:117 13:100 17:105 20:129
price 12:102 15:142
primary 1:161 10:101 14:153
print 9:109
print_false 9:109
privilege 9:235
privileges 9:182
privileges_operate 9:111
problem 0:139 10:110
process 0:-98 6:88 16:-105 17:-109 19:505 22:91
processes 19:217
processing 15:140 22:126
prod 10:98 16:196
prod_was 10:106
profile 16:136
program 3:192
program_limit 3:192
programming 2:93 6:101 10:80
programming_error 2:93 6:101 10:80
progress 6:111
project 2:112 16:309
property 16:82
protocol 7:95
provided 8:257 11:95 16:104
provided_token 8:86
publish 20:303
pull 0:148 8:127 10:97 16:91
pull_image 16:124
pulling 16:85
pulling_image 16:85
put 1:108
python 18:208 19:153
qty 12:89
quantity 4:121
query 0:85 1:-101 2:222 3:167 7:156 8:-106 11:-95 15:-113 16:-117 17:187
query_canceled 7:101
query_exceeded 2:116
query_execution 3:136
query_message 6:97 14:99
queue 5:85 22:129
queue_pool 5:97
queued 22:112
queued_finished 19:87
quota 2:566 9:-107 21:408
quota_exceeded 2:153 21:385
quota_for 2:191
quota_has 21:121
quota_requested 2:97
quote 15:103
raise 1:97
raised 7:145
raised_unexpected 7:98
range 12:170 22:125
range_for 12:92
rate 1:516
rate_limit 1:256
rate_limits 1:173
rates 0:89 13:252
raw 6:98 15:84
reached 1:97 5:157 7:93 13:107
reached_connection 5:97
reached_its 7:81
read 0:164 7:182 9:117 15:170 17:-174
read_bytes 0:97
read_more 0:97
read_only 4:109 9:93 16:161
read_timed 7:128
read_timeout 7:149
reading 7:96 10:81
reading_data 10:81 12:82
ready 13:107 19:138
ready_node 19:116
reason 2:113 3:152 4:80 8:-101 11:128 15:-81 16:-143 18:-100 20:-89 21:84
reason_forbidden 9:130
reason_invalid 11:152 12:122 17:110
reason_not 10:87 13:146
reason_oom 3:217 22:-89
reason_resources 3:101
received 7:88 19:192
received_sigterm 19:111
record 18:178
redis 5:102
reduce 1:132
reduce_your 1:99
reference 11:-94 17:234
referenced 11:104
refresh 8:361
refresh_error 8:185
refresh_token 8:153
refused 0:267
region 16:190 21:93
rejected 0:89 1:157
relation 6:184 10:280 11:-93 13:-88 16:-98 18:184 20:120
relation_does 10:155 17:-96 18:157
relation_orders 17:80
relation_skip 20:140
relationships 12:119
release 13:90
remaining 5:114
remaining_connection 5:115
remote 16:93 19:117
removed 18:164
replication 22:85
report 20:120
reports 13:100
request 1:200 3:110 4:-92 9:206 10:-121 13:-108 15:-87 17:147 18:-112 19:-103 21:-84 22:-91
request_error 12:104
request_failed 17:81
request_for 11:80
request_rate 1:99
request_resources 3:101
requested 3:147 10:214
requested_used 21:100
requests 1:401 2:228
requests_for 1:101
requests_per 1:167 2:-80
required 2:150 16:188
requires 15:119 18:166
reserved 5:115
reserved_for 5:115
reset 0:102
reset_peer 0:100
resource 0:-99 2:103 4:86 6:137 9:115
resource_api 9:98
resource_exhausted 1:92
resources 3:143
resources_exceeded 3:146
response 0:94 1:179 2:125 6:138 16:-94 17:-86
response_body 2:153
restarting 6:97 22:121
restarting_transaction 6:106
result 3:148 20:88
results 11:82 13:-100 20:80 22:153
results_configured 14:88
retries 0:152
retries_please 1:86
retries_the 8:119
retry 0:131 2:99
retrying 0:168 6:112
return 19:95
return_args 18:83
return_code 19:107
revenue 12:134
right 11:123
role 8:356 9:127 16:-165
root 16:90
row 11:116 13:170 14:191 16:-136 17:-102 18:140
row_contains 10:124
row_count 12:-86 13:235
row_for 14:107
row_reason 14:80
row_second 14:115
rows 14:262 15:148
rows_errors 15:99
rpc 0:81
rule 13:195 20:117
run 10:-125 13:141 14:92 16:-133 18:115 20:179 22:121
run_dbt 18:132
run_finished 20:87
run_the 22:96
runner 19:124
runner_process 19:91
running 6:116 13:-97 16:-137 17:170 19:112 22:155
running_table 17:82
running_that 0:83
running_with 17:94 18:109
runs 2:119
runtime 3:108 10:-84 13:190 15:-96 18:159
runtime_error 3:115 13:243 15:-89 16:84 17:-82
sales 10:117 13:-121 16:205
same 6:89 13:83
saw 8:108
says 13:123 15:-103
scanned 2:93
scheduled 0:125
scheduler 5:195 16:-81
schema 9:123 10:210 11:351 15:-97 17:-126
schema_does 11:98
scheme 16:102
scope 9:217
second 14:108
second_time 14:115
seconds 1:-118 2:159 5:109 7:109 22:-93
seconds_exceeds 13:93
seconds_start 5:100
security 9:83
see 1:106 6:133 22:168
see_https 1:122
segment 4:149 10:106
select 10:154 11:84 17:183
select_from 10:120
select_order 11:201
sensor 13:204
sensor_has 13:93
sensor_timeout 13:204
serializable 6:122 17:86
serialization 15:80
serialize 6:83
serialize_access 6:84
server 0:458 5:81 7:93 10:-109 11:-91 12:-96 13:-116 15:-117 17:-172 19:-118 22:91
server_connection 0:99
server_error 0:300
server_port 16:105
server_running 0:118
server_socket 8:100
service 0:274 1:104 2:90 6:-97
service_not 16:96
service_unavailable 0:308
serviceaccount 9:82
session 7:99 8:106
set 19:102 22:197
sftp 7:98 8:86
sftp_pull 7:100 8:90
shape 3:126 11:85
shape_and 3:137
share_lock 6:81
shared 3:80 18:136
shared_memory 3:83
shutdown 0:111
shutdown_terminating 0:100
shutting 19:120
shutting_down 19:120
sigkill 19:135
signal 19:206
signature 17:189
sigterm 19:310
sigterm_signal 22:90
since 0:137 17:169
size 3:173 5:198 7:-82 12:-92 15:-165 18:112 21:194
size_exceeds 21:103
size_overflow 5:97
size_used 4:81
skip 20:101
skip_relation 20:135
skip_total 20:102
slots 5:114
slots_are 5:115
slow 1:191
slow_down 1:191
socket_failed 8:100
soft 10:121
solve 0:106
solve_the 0:107
source 10:95 13:159 14:174 18:-84
source_has 13:211
source_parquet 15:90
source_row 14:125
space 4:463
space_left 4:360
specified 6:242 9:-82 10:178 17:-89
specified_bucket 10:114
specified_key 13:104
specified_timeout 13:93
specify 16:94
sql 0:116 8:-80 10:184 13:-86 16:185 17:194 18:-139 22:-80
sql_access 9:111
sql_compilation 10:108
sql_select 0:130
sql_transaction 16:151 17:85
ssl 0:201 16:120 18:135
ssl_certificate 16:105
ssl_error 8:104 18:173
stage 4:114 20:113
stage_orders 11:90
staging 10:90
stale 13:256
stale_freshness 13:155
start 0:-81 2:103 3:152 11:-92 15:106 17:-138 22:208
start_byte 15:91
started 7:82
starting 12:80
state 13:93 14:-82 20:410 22:171
state_failed 20:356
state_terminated 3:111
state_this 22:157
statement 6:233 7:196 16:-96 18:83
statement_due 6:166
states 20:202
status 0:85 1:242 2:84 3:-89 4:212 7:-101 14:-108 15:-107 16:-119 18:-114
status_code 1:102 22:86
status_failed 17:92 21:106 22:86
step 20:120
still 6:152
stopped 10:-98 13:155
storage 2:-134 9:84 21:394 22:106
storage_quota 21:121
store 14:137
str 9:85
stream 10:105
streaming 10:108
string 11:250 12:95 15:147
string_float 15:88
subquery 14:172
subscriptable 22:108
success 12:89 20:237
success_false 12:105
such 10:137 11:85 13:266 15:-113 17:-80 18:110
such_field 11:167
such_file 10:159
such_key 13:104
sum 12:111
superuser 5:112 9:88
supplied 16:174 17:90
supported 17:148
sync 0:96 22:175
syntax 12:178 15:103 17:218
syntax_error 12:-90 17:321
syntax_for 12:185
system 9:209 12:85 15:-87 19:89
system_serviceaccount 9:98
table 6:257 8:-87 10:238 12:-80 13:265 16:-160 18:-108 19:-87 20:-92
table_exceeded 2:82
table_orders 9:130
table_relation 10:127
table_row 13:152
tag 15:191
tar 4:151
target 11:110 13:131 14:112
target_columns 11:85
target_row 14:125
target_schema 11:110
tasks 5:103 7:86 13:-102 19:95 20:128
temp 4:224 21:113
temp_file 21:130
template 16:147 17:118
temporarily 6:201
temporarily_unavailable 6:203
temporary 0:116 21:116
temporary_file 21:130
terminated 3:164 19:227
terminated_signal 19:116
terminating 19:88
terminating_connection 0:95 7:95
terminating_instance 22:110
test 12:120 14:126
test_unique 12:-88 14:168
text 11:177 15:137
than 7:116 11:-101 12:194 14:123 15:109 17:-135
than_equal 12:175
than_one 14:185
than_seconds 5:83
that_host 0:83
the_above 0:126 7:86
the_conn 16:131
the_connection 17:132
the_database 6:116
the_direct 7:84
the_external 20:191
the_following 16:95
the_group 19:92
the_namespace 9:98
the_node 4:211
the_problem 0:172
the_provided 8:89
the_put 1:108
the_query 17:84
the_request 0:92 6:88 8:122
the_same 20:84
the_server 0:215 1:151 16:-90
the_specified 10:220 13:123
the_user 21:120
there 6:175 13:185 17:115
there_are 0:101
these 12:96
this_can 22:182
this_error 5:113
this_instance 22:157
thread 3:226 17:-89 19:151
tier 11:127
time 0:-125 3:-81 7:474 10:-100 15:81
time_limit 7:290
time_out 7:110
time_zone 16:101
timed 7:295
timed_out 7:295
timeout 5:290 7:816 8:-86 12:-80 13:98 16:-100 17:-151 18:-84 19:-82
timeout_background 5:97
timeout_context 0:100
timeout_error 5:143 7:151
timeout_pid 7:171
timeout_sensor 13:100
timeout_timeout 7:220
times 17:139
timestamp 15:107
tip 11:148
tmp 15:129
token 8:503 16:102
token_expired 8:128
token_has 8:170
tokenizing 15:88
tokenizing_data 15:88
tolerance 12:114
too 0:-108 1:177 3:121 5:270 6:-106 7:-85 9:-101 12:-96 16:96
too_large 3:138 21:98
too_long 11:88
too_many 1:236 5:297
took 5:83
took_longer 5:83
topic 0:88 9:94
total 2:135 11:85 12:162 13:-102 16:-82 17:139 19:-108
total_anon 3:103
transaction 6:364 10:-80 17:209
transaction_block 17:143
true 17:81
try 0:102 1:105 6:230
try_again 0:138 1:112
try_restarting 6:106
tuple 6:93
tuple_relation 6:98
type 0:-90 1:-124 3:136 9:-82 11:357 12:94 13:-124 15:-150 16:-143 17:165 19:-124
type_character 11:111
type_charset 8:156
type_error 16:-100 17:368
type_ignore 18:83
type_insufficient 2:96
type_integer 11:118
type_object 22:105
types 17:90
unable 3:97 4:110 10:-80 11:89 12:134 15:-111 16:107
unable_allocate 3:137
unable_find 11:88
unable_parse 12:192
unauthorized 8:383
unauthorized_for 8:140
unavailable 0:358 6:159
undefined 10:126 17:250
undefined_column 11:168
undefined_table 10:126
unexpected 11:-133 13:-80 15:113 16:-150 17:312 18:164
unexpected_count 12:108 14:86
unexpected_end 15:125
unexpected_keyword 18:185
unexpected_list 14:91
unexpected_percent 14:89
unicode 15:117
unicode_decode 15:118
unique 11:-90 12:-244 14:731 16:-81
unique_constraint 14:230
unique_violation 14:105
unknown 0:123 10:188 12:98 16:-80 17:-81
unpack 15:113 17:119
unprocessable 12:80
unprocessable_entity 12:80
unrecognized 11:176 16:226 17:-101
unrecognized_name 11:199
unrecoverable 16:87
unrecoverable_error 16:97
unterminated 15:108 17:128
update 1:85 6:270 11:122 17:-99
update_command 14:103
update_table 12:93
updated 19:145
upgraded 18:296
upgraded_from 18:296
upload 8:101
upstream 20:266
upstream_failed 20:116
url 1:109 2:83 7:98 16:199
url_https 1:127 2:107 16:-122
url_scheme 16:102
usage 4:106 16:261 21:193
usage_exceeded 4:134
use 10:97 16:109 18:105
used 2:321 3:108 9:-83 17:96 21:189
used_limited 21:100
used_memory 3:92
user 0:-105 1:306 2:-107 8:97 9:156 21:81
user_drive 21:121
user_system 9:98
using 16:120
utc 4:101 13:114 22:-90
val 9:98
val_str 9:98
valid 16:109 17:148
validate 12:84 16:126
validation 11:106 12:109 14:187 17:-95
validation_error 11:130 12:108
validations 16:95
validator 16:95
value 3:-112 6:-144 7:-85 9:-131 11:173 12:563 13:115 14:153 19:-110 22:-94
value_error 11:166 12:86 13:96 14:179 15:151
value_for 12:122
value_not 17:84
value_out 12:146
value_set 12:80
value_too 11:111
values 11:88 12:272 13:-99 14:122 16:-89
values_set 12:97
variable 16:99
varying 11:106
verification 16:160
version 10:139 18:325
versions 18:128
violates 9:167 12:222
violates_check 12:85
violates_foreign 12:95
violation 12:147 14:182 17:-82
violation_insert 12:95
wait 6:91
waiting 5:91 13:98 19:-84 20:104 22:140
waiting_for 13:114 20:118 22:91
warehouse 2:95 11:-104 16:405
warn 6:170 19:88 20:81
warn_error 20:108
warning 0:119 7:-83 18:-96 19:164 22:100
warning_failed 5:93 16:97
warning_node 19:140
warning_state 22:157
was_low 4:108
was_not 22:112
was_removed 11:80 18:149
was_running 19:152
was_terminated 19:108
was_the 7:81 18:89
when 2:82 6:134
when_calling 2:80
when_used 3:92
where 0:110 17:198
which 3:112 17:83
which_was 17:90
while 0:151 6:100 8:83 17:-136
while_parsing 16:174
while_reading 0:94
with_base 16:88
with_code 22:80
with_dbt 17:131 18:101
with_errors 22:195
with_exit 22:148
with_message 10:98
with_name 6:107
with_return 19:107
with_shape 3:137
with_the 10:95 16:97
within 0:-82 7:202 22:128
within_the 7:121
without 12:98
worker 19:242 22:140
worker_exited 19:91
worker_lost 19:91
workers 5:154
write 4:169 9:247
wrong 16:131
xcom 17:113
year 9:188 11:101
yet 13:371 22:165
you_have 2:113
you_mean 11:157
you_provided 8:144
your 0:-119 1:127 2:281 7:124 17:-88
your_daily 1:-95 2:137
your_request 1:97
zero 17:204
zero_division 17:121
zip 10:114
zombie 19:119
zombie_job 19:119
zone 16:101"""
