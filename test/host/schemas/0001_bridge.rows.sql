INSERT INTO "connection" ("id", "name", "settings", "paused", "config_version", "created_at_ms", "updated_at_ms") VALUES
(1, 'Demo contact centre', '{"name":"Demo contact centre","timeZone":"UTC","acd":{"kind":"nextiva-ncc","realTime":{"baseUrl":"http://127.0.0.1:38869","username":"wfm@demo.example","collectionIntervalS":5},"historical":{"baseUrl":"http://127.0.0.1:38869","username":"wfm@demo.example"},"advanced":{"signInPath":"/provider/token-with-authorities","refreshPath":"/provider/api/token-refresh","realTimePath":"/realTime","historicalPath":"/historical","queuesPath":"/data/api/types/queue","usersPath":"/data/api/types/user","startParameter":"start","endParameter":"end","rowsField":"","handleTimeUnit":"seconds","handleTimeIncludesWrapUp":false,"windowsPerRequest":24}},"wfm":{"kind":"cxone-mpower","baseUrl":"http://127.0.0.1:46103","tenantName":"","accessKeyId":"DEMO-ACCESS-KEY-ID","acdType":"Generic_Nextiva","acdId":"Tenant_Name","advanced":{"signInPath":"/authentication/v1/token/access-key","refreshPath":"/public/authentication/v1/refresh","agentStatesPath":"/wfm/acd/v1/agent-states","historicalPath":"/wfm/acd/v1/historical","agentActivityPath":"/wfm/acd/v1/agent-activity","flatSignInBody":false,"reportVersion":"0","eventsPerBodyMax":1000,"bodyBytesMax":4000000,"acdDetailsPath":"","heartbeatPath":"","heartbeatBody":"{\"acdType\": \"{acdType}\", \"acdId\": \"{acdId}\", \"time\": \"{time}\"}"}},"collection":{"settleDelayS":120,"reReadAfterMinutes":[15,60,1440],"reportMinutes":15,"missingAnswersToSignOut":2,"holdBackShortStates":false,"shortPct":0,"catchUpBodiesPerMinute":60,"retentionDays":{"stateChanges":400,"stateLog":14,"queueIntervals":1100,"reportBodies":14,"events":400}}}', 0, 2, 1795362677888, 1795362677888)
ON CONFLICT DO NOTHING;
INSERT INTO "event" ("id", "connection_id", "at_ms", "kind", "severity", "message") VALUES
(1, 1, 1795362677888, 'created', 'info', 'The connection was created by the API token.'),
(2, 1, 1795362678079, 'backfill asked for', 'info', 'A backfill of 2026-11-22T13:45:00.000Z to 2026-11-22T15:45:00.000Z was asked for by the API token.'),
(3, 1, 1795362678687, 'roster imported', 'info', 'The roster was imported: 3 queues and 0 agents new, 0 and 12 changed, 0 and 0 removed.'),
(4, 1, 1795362679043, 'backfill done', 'info', 'The backfill of 2026-11-22T13:45:00.000Z to 2026-11-22T15:45:00.000Z is done: 8 intervals new or changed, 0 could not be read.')
ON CONFLICT DO NOTHING;
INSERT INTO "acd_state" ("id", "connection_id", "name", "reason", "class", "event_code", "reason_code", "reviewed", "first_seen_ms", "last_seen_ms", "seen_count") VALUES
(1, 1, 'Available', '', 'ready', NULL, NULL, 1, 1795362678578, 1795362678578, 0),
(2, 1, 'Busy', '', 'contact', NULL, NULL, 1, 1795362685019, 1795362685019, 0)
ON CONFLICT DO NOTHING;
INSERT INTO "agent" ("id", "connection_id", "source_id", "alias_id", "username", "name", "login_id", "employee_id", "included", "in_roster", "first_seen_ms", "removed_at_ms", "held_count", "held_from_ms") VALUES
(1, 1, '8c4b85c7-63ac-78ff-be5f-07ac0bf49f13', '4da93bd2e6ee93f1730e1e70', 'ana.silva@demo.example', 'Dmitri Silva', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(2, 1, 'f300175f-146b-b2fd-5b87-fec7cc067a90', '1cd654034a5aaf9b597a9978', 'b.oster+wfm@demo.example', 'يوسف כהן', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(3, 1, '27ee982d-2028-8284-e0ef-3839e79d0a9d', '96df538f481015a20321fac5', 'o''brien@demo.example', 'Łukasz <Smith>', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(4, 1, 'agent "3" & <co>; a,b', '1de25315a7e059eb869f5a14', 'müller@demo.example', 'Zoë Øster', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(5, 1, CAST(X'27293b2044524f50205441424c45206167656e743b2d2d' AS TEXT), '7804583ccb38f5365303ea9f', '=cmd@demo.example', 'Siobhán O'' כהן', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(6, 1, '065dbe64-8ebe-aa23-8844-2d15ec83d776', 'f5b2e1d19c93c8b7bef28d90', 'tanaka.山田@demo.example', 'Chloé <Smith>', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(7, 1, '97859080-35fa-ee7b-b467-b74a44666b12', '975d2648df13ab5be5f3fb61', 'x"y"@demo.example', 'Dmitri Silva', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(8, 1, 'aa33276f-c6c4-fc3a-68d8-d3d078391607', '4143562ddaf78e33ced542b3', 'a;b,c@demo.example', 'Chloé Dupont', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(9, 1, '8bd660d8-bf32-4f0a-1a35-137ba516a671', '7f23920dd4487840878402ba', 'van der berg@demo.example', '美咲 Żak', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(10, 1, '897d2331-15b4-f616-e41d-1a55a4577cbd', '589440a715726c71784b2f64', 'UPPER.Case@demo.example', 'Anne-Marie <Smith>', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(11, 1, 'f6613c2f-4d26-f0e1-4695-3ceea6f0faeb', '840a3caa45d021669910fd9c', 'agent.11@demo.example', 'Dmitri כהן', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL),
(12, 1, 'fb25f394-9384-1c61-c02d-343c71a67d7b', 'cd627bd0caf00220659a6a90', 'agent.12@demo.example', 'Zoë 田中', NULL, '', 1, 1, 1795362678578, NULL, 0, NULL)
ON CONFLICT DO NOTHING;
INSERT INTO "backfill" ("id", "connection_id", "from_ms", "to_ms", "next_end_ms", "status", "intervals_changed", "intervals_failed", "error", "created_by", "created_at_ms", "updated_at_ms", "finished_at_ms") VALUES
(1, 1, 1795355100000, 1795362300000, 1795355100000, 'done', 8, 0, '', 'the API token', 1795362678079, 1795362679043, 1795362679043)
ON CONFLICT DO NOTHING;
INSERT INTO "credential" ("connection_id", "name", "sealed", "updated_at_ms") VALUES
(1, 'accessKeySecret', 'v1.630dcd29.PqpQ6Bp9gJ7q2WUXfnzhvpsIOTnTulHUROK_imTE1xAu623T1f71YaC-QKnv2xKX-p0', 1795362677888),
(1, 'historicalPassword', 'v1.630dcd29.6jk9Ure4UqOpUA2ABPnHifFadq81cMCN77TwApm3zusJK-0lwHpzzXo', 1795362677888),
(1, 'realTimePassword', 'v1.630dcd29.4Z0KIf5vhHkGXuux7VClY-bG0tZFzFxSjHUXGp986qfEtZ66mLscqxk', 1795362677888)
ON CONFLICT DO NOTHING;
INSERT INTO "feed" ("connection_id", "name", "failures", "failing_since_ms", "retry_at_ms", "success_at_ms", "error", "error_kind", "through_ms") VALUES
(1, 'agent-states', 0, NULL, 0, NULL, '', '', NULL),
(1, 'intervals', 0, NULL, 0, 1795362679055, '', '', 1795362300000),
(1, 'roster', 0, NULL, 0, 1795362678717, '', '', NULL)
ON CONFLICT DO NOTHING;
INSERT INTO "interval_ledger" ("connection_id", "start_ms", "status", "reason", "unconfirmed", "revision", "collected_at_ms", "read_at_ms", "next_read_at_ms", "queue_count", "offered", "abandoned", "handle_time_ms", "refused_rows") VALUES
(1, 1795355100000, 'collected', '', 0, 1, 1795362678992, 1795362678992, 1795442400000, 3, 22, 1, 6372000, 0),
(1, 1795356000000, 'collected', '', 0, 1, 1795362678992, 1795362678992, 1795443300000, 3, 33, 0, 9162000, 0),
(1, 1795356900000, 'collected', '', 0, 1, 1795362678992, 1795362678992, 1795444200000, 3, 25, 2, 6519000, 0),
(1, 1795357800000, 'collected', '', 0, 1, 1795362678992, 1795362678992, 1795445100000, 3, 34, 2, 9092000, 0),
(1, 1795358700000, 'collected', '', 0, 1, 1795362678992, 1795362678992, 1795363200000, 3, 29, 2, 8064000, 0),
(1, 1795359600000, 'collected', '', 0, 1, 1795362678992, 1795362678992, 1795364100000, 3, 35, 1, 9657000, 0),
(1, 1795360500000, 'collected', '', 0, 1, 1795362678992, 1795362678992, 1795365000000, 3, 31, 2, 8607000, 0),
(1, 1795361400000, 'collected', '', 0, 1, 1795362678992, 1795362678992, 1795363200000, 3, 26, 3, 6756000, 0)
ON CONFLICT DO NOTHING;
INSERT INTO "lease" ("connection_id", "epoch", "claimed_at_ms") VALUES
(1, 1, 1795362678163)
ON CONFLICT DO NOTHING;
INSERT INTO "queue" ("id", "connection_id", "source_id", "alias_id", "name", "queue_value", "is_outbound", "short_pct", "service_level_ms", "included", "in_roster", "first_seen_ms", "removed_at_ms") VALUES
(1, 1, 'q-sales', 'cf8310bb95ee331c0bc02c3c', 'Sales', NULL, 0, NULL, 20000, 1, 1, 1795362678687, NULL),
(2, 1, 'q support/tier 1', 'a88ed8fccab565ec28bbdebe', 'Support – Tier 1', NULL, 0, NULL, 30000, 1, 1, 1795362678687, NULL),
(3, 1, 'q&billing', 'b902729bee038046532a8e04', 'Facturation & recouvrement', NULL, 0, NULL, 60000, 1, 1, 1795362678687, NULL)
ON CONFLICT DO NOTHING;
INSERT INTO "queue_interval" ("connection_id", "start_ms", "queue_id", "offered", "abandoned", "handle_time_ms", "inferred", "revision", "read_at_ms") VALUES
(1, 1795355100000, 1, 14, 0, 4962000, 0, 1, 1795362678992),
(1, 1795355100000, 2, 2, 1, 234000, 0, 1, 1795362678992),
(1, 1795355100000, 3, 6, 0, 1176000, 0, 1, 1795362678992),
(1, 1795356000000, 1, 19, 0, 6337000, 0, 1, 1795362678992),
(1, 1795356000000, 2, 6, 0, 1626000, 0, 1, 1795362678992),
(1, 1795356000000, 3, 8, 0, 1199000, 0, 1, 1795362678992),
(1, 1795356900000, 1, 11, 0, 4292000, 0, 1, 1795362678992),
(1, 1795356900000, 2, 3, 1, 575000, 0, 1, 1795362678992),
(1, 1795356900000, 3, 11, 1, 1652000, 0, 1, 1795362678992),
(1, 1795357800000, 1, 20, 1, 6565000, 0, 1, 1795362678992),
(1, 1795357800000, 2, 6, 1, 1190000, 0, 1, 1795362678992),
(1, 1795357800000, 3, 8, 0, 1337000, 0, 1, 1795362678992),
(1, 1795358700000, 1, 13, 1, 4732000, 0, 1, 1795362678992),
(1, 1795358700000, 2, 8, 1, 2007000, 0, 1, 1795362678992),
(1, 1795358700000, 3, 8, 0, 1325000, 0, 1, 1795362678992),
(1, 1795359600000, 1, 18, 0, 6851000, 0, 1, 1795362678992),
(1, 1795359600000, 2, 5, 0, 1145000, 0, 1, 1795362678992),
(1, 1795359600000, 3, 12, 1, 1661000, 0, 1, 1795362678992),
(1, 1795360500000, 1, 16, 1, 5895000, 0, 1, 1795362678992),
(1, 1795360500000, 2, 4, 0, 831000, 0, 1, 1795362678992),
(1, 1795360500000, 3, 11, 1, 1881000, 0, 1, 1795362678992),
(1, 1795361400000, 1, 12, 2, 3793000, 0, 1, 1795362678992),
(1, 1795361400000, 2, 5, 0, 1459000, 0, 1, 1795362678992),
(1, 1795361400000, 3, 9, 1, 1504000, 0, 1, 1795362678992)
ON CONFLICT DO NOTHING;
INSERT INTO "report" ("connection_id", "stream", "start_ms", "end_ms", "revision", "delivered_revision", "record_count", "held_count", "set_aside_count", "created_at_ms", "accepted_at_ms", "body_sha256") VALUES
(1, 'historical', 1795355100000, 1795356000000, 1, 1, 3, 0, 0, 1795362679024, 1795362686025, '8e0e030e405f78ccad19915fbd1f5ea5572b60e35d5b4b594126e708185165d6'),
(1, 'historical', 1795356000000, 1795356900000, 1, 1, 3, 0, 0, 1795362679024, 1795362685845, '389514161f022530e06705104f873fddf54ff35894bf18707a56d8dfb4e811cc'),
(1, 'historical', 1795356900000, 1795357800000, 1, 1, 3, 0, 0, 1795362679024, 1795362685603, 'bbd474fdcde22620f3c7bd6a2ad5aad62ac1295a7f5651616414947a539c2bd1'),
(1, 'historical', 1795357800000, 1795358700000, 1, 1, 3, 0, 0, 1795362679024, 1795362685400, 'b2740d7f448943c713456831a0672e74b173c0bbf36ec356794829577a3ed32e'),
(1, 'historical', 1795358700000, 1795359600000, 1, 1, 3, 0, 0, 1795362679024, 1795362685313, '0e00bdad97a8a348a89d4fa29d567e91a0119458700019771807e3c6340e0a86'),
(1, 'historical', 1795359600000, 1795360500000, 1, 1, 3, 0, 0, 1795362679024, 1795362685262, 'a32bea63fae3619ad1865cb6a6180d6140abbcc51f7ec23797ab6a2d469a67aa'),
(1, 'historical', 1795360500000, 1795361400000, 1, 1, 3, 0, 0, 1795362679024, 1795362685175, 'a679c0137f50eda2466f6ce852b403052859f84add545d8635a04ea762dfd59f'),
(1, 'historical', 1795361400000, 1795362300000, 1, 1, 3, 0, 0, 1795362679024, 1795362685117, '03d88a2c2ffdb3ca0a0e9b101a3f2bdc0860f327b81ed0fe196d8902e028c3cd')
ON CONFLICT DO NOTHING;
INSERT INTO "report_body" ("connection_id", "stream", "start_ms", "revision", "part", "sent_at_ms", "answer", "sha256", "body_gzip") VALUES
(1, 'historical', 1795355100000, 1, 0, 1795362686015, '200', '8e0e030e405f78ccad19915fbd1f5ea5572b60e35d5b4b594126e708185165d6', X'1f8b0800000000000003e594cf6ed34010875fc59a434f0eac5d13c45e9302872a8438f4004268b29e3aab3abbe9eed86d5445ea3bf0863c09f29fa67654891c38c16df79b9f6746fe643f00aa6cb9db1248f840869c563f6674cfba4208c1d1d63abe22e7b535204140089ed1f114b97e2216f1781445a3385e46e732792385782584f80a2190c95e082552885ec83372e94142fa6532b948d3035a10fa66e261892932827c80db924a5a3408e4b7ee7e8545598fba1d792cc843d8e2196e6a9a764cfb4f25af6c693290d758780a4159c3a8d82f4891ae2803192521e00a4d660d65e9ba19237ae8d29abc216b3459d18f74a00dd46d5ab0d4f512c9bb711cc29d7537ed5d742b4ea9c0dd01f94a5d56c55cb50d9dced73c47c7bb8fbd4e83c2a4dbbfc177ce9afca5fc7361905fa1ba296cde3fcf2c5fdc6fb5abdfc433eda3b52db2436354acabfab80f8f4d04bedcd6925eb3261744c74ada62f0ebf167b07c0a9ce4273e454ff4473d433bf179f25fc9395be9a2d0263fb2f21e15970e595b139c058e942d2b471b327caa9df15ff978c6433b51f476fc2febf91e02e664f8f3e0d7f644d39d67daccc95d5bb741a37a89fdfe3724bf98f2bf050000'),
(1, 'historical', 1795356000000, 1, 0, 1795362685807, '200', '389514161f022530e06705104f873fddf54ff35894bf18707a56d8dfb4e811cc', X'1f8b0800000000000003e5944b6edb301086af22cc222bb9a594548db5b5f35804ae6bb959b4288a31359189d0a4438e94188181dca137ec490a3de2c846165964d5eec86f7ecd0cf8017a0494f97cb32648e1820c39257f4de88155851082a3b5757c4dce2b6b200501217846c763e4fa8b58c4c9208a06713c8f4e522152213e0821be430864f25743d1a75ec83372e92185ecdb687496653b3423f4cdc4dd12636484f411ee4a2a69d620487f74f76bd4653dea6ee0519387b0c5135cd534eb98f25f4a5ed8d2e490dea0f61482b48651b29f912455510e69340c011768726b28cf96cd18d14357d6140d59a2c9753fd2813650b769c15cd54b24c7c79f43b8b7eeb6bd8b6ec53169dcec90afe455a5a7b26de854b1e4293ade5cf63aed1546ddfe0dbe77d614afe55f0a7bf905ca5b6d8bfe7962f9ec61ad5cfd122fb48f9656e7bbc6285955f5711b1e9a087cb9ae257d64452e880e95b4c5e0cfd3ef60fe1c78939fe45df424fb76a2244efe2b3b470ba5b532c5819673945c3a64654d70143892b6ac1cadc8f05bf59cbe8b9ed3033dd170f82febf919021664f8ebdebfed99661bcfb49a92bbb16e8546f612dbed5f1b1af932c0050000'),
(1, 'historical', 1795356900000, 1, 0, 1795362685577, '200', 'bbd474fdcde22620f3c7bd6a2ad5aad62ac1295a7f5651616414947a539c2bd1', X'1f8b0800000000000003e5944d6edb301046af22cc222bb925953845b4b5d37611b8aee56691a228c6d4442642930e39526204067287deb02729f413473602248baeda1df9f86966c007ea0150e5f3cd9a20854f64c96bf57342f7ac2b84183cad9de74bf2413b0b29088821307a1e23d75f2422391d48394892b93c49e53015e29d10e20a62209bbf183a16bd5060e432400ad9b7d1e83ccb766846189a8ebb21c6c808e903dc9654d2ac41907eeff69768cabad5ed20a0a100718b27b8aa69d6311dbe94bc70a5cd21bd46132806e52ca3e2302345baa21c522963c005dadc59cab365d346f4d085b34543966873d38f74a00dd4655a30d7f51027c95912c39df337ed5e74238ec9e0668742a52e2a33556d41af8b254fd1f3e673afd2dec1a89bbfc177ded9e2a5fcf3c15e7e81eac6b8a2bf9e383ebf5f6b5fdfc433eda3a533f9ae302ad655bddcc68726a250ae6b49ef59938fe4a192f630fafdf82b9a3f05dee4e7f82d7ae46b7a927d3bc30fc3ff4aced1421ba36d7160e5232a2e3db276363a8a3c2957569e5664f9efbe9e57f548b1ef479e0effe9d7f323062cc8f2d7bd9fdb13cd36816935257fedfc0aadea25b6db3fcb7bf9cbc1050000'),
(1, 'historical', 1795357800000, 1, 0, 1795362685390, '200', 'b2740d7f448943c713456831a0672e74b173c0bbf36ec356794829577a3ed32e', X'1f8b0800000000000003e594c16eda4010865fc59a434ea65d9b4093bd42da1e224a31cda155550deb895965d925bb63272842ca3bf40dfb2495c110832295434fed6df79bdf33a3fd243f01aa7cba5a1248f84096bc563f46f4c8ba4288c1d3d279be211fb4b32041400c81d1f310b9fe221569bf93249d349d26e7b22ba4106f84105f2106b2f9aba1f35e2b1418b90c2021fb32185c65d91e4d08c366e27e892132827c82fb924a9a6c10c86fcdfd064d598fbaef04341420dee2112e6a9a354c874f25cf5c697390b76802c5a09c65541c26a4485794834c450c38439b3b4b7936df8c69a36b670b90490c73b4b969471ad0042e7760aaeb25fabd7e2f8607e7efb677d1ac382483ab3d0a95baaecc586d1b7a5dcc798c9e571f5b9d0e0a8366ff0d7ef0ce16afe55f0a07f919aa3be38af679e4f8ea71a97dfd122fb48de6cee4fbc6a85857f5711d1f9b8842b9ac25bd654d3e4a8e956c8bd1afe79fd1741738c94fffafe8e91dda49924bf15fd9399b6963b42d8eb4bc47c5a547d6ce46679127e5cacad3822c9faae7e2143de24f7a2e8ef474bbeffe653ddf63c0822c7f3ef8b7ed68b60a4c8b31f95be71768552bb15eff06f2726909c0050000'),
(1, 'historical', 1795358700000, 1, 0, 1795362685306, '200', '0e00bdad97a8a348a89d4fa29d567e91a0119458700019771807e3c6340e0a86', X'1f8b0800000000000003e594c16eda4010865fc59a434e4bbb36a4447b85b43d4494629a43abaa1ad613b38ad925bb63272842ca3bf40dfb2495c1101b456a0f39b5b7dd6f7ecf8cf693fc08a8b3f9664da0e00359f246ff98d0039b0a4180a7b5f37c4d3e18674181040181d1f318b9fe2291c9bb5e1cf792641e0fd4e05c49f9464af9150490cd5e08d58956283072194041fa6534ba4cd3239a1186ddc4e312636404f50877259534db2150df9afb3516653deaae17b0a000628f27b8aa69da30133e95bc70a5cd40dd60114880769651739891265351062aee0bc005dacc59cad2e56e8c6ca12b677350b18025daac68471ad0049203989b7a89c1b09f08b877fe767f97cd8a632a707344a1d2575531d5fb86dee44b9ea2e7cdc756a74e61d4ecbfc3f7ded9fca5fc73a1935fa0be2d5cde3e4f1c5f3eac8daf5fe299b6d1d215d9b1316a36557ddc8a53135128d7b5a4b76cc847f1a9927d31faf5f4339a1f027fe5e7e255f40cbb76122987ff959db385290a63f3132def5173e9918db3d159e449bbb2f2b422cbafaa47fe49cf45574fdc4fceff653ddf05604e963f77fe6d079a6e02d36a4afec6f9155add4a6cb7bf01f9eb231fc0050000'),
(1, 'historical', 1795359600000, 1, 0, 1795362685255, '200', 'a32bea63fae3619ad1865cb6a6180d6140abbcc51f7ec23797ab6a2d469a67aa', X'1f8b0800000000000003e594cf6edb300cc65fc5e0a12767938c25287c4dbaed5064599cf5b06118189975842a522ad16e8322c0de616fd82719fc27a91314580e3b6d37f1c74f24a10fd413a0ca17db0d410a1fc892d7eac7941e5957083178da38cf37e48376165210104360f43c41ae6f2422190da41c24c9420e53215221de0821be420c64f357458d6e2f0a8c5c064821fb321e5f65d901cd0943d3f130c40419217d82fb924a9a3708d26f5d7c83a6ac5bdd0f021a0a10b7788aeb9a661dd3e153c94b57da1cd25b34816250ce322a0e7352a42bca21959731e0126dee2ce5d9aa69237ae8dad9a2212bb4b9e94b3ad00aea322d58e87a88d1e550c6f0e0fc5d1b8b6ec40919dc1e50a8d4756566aa2de875b1e2197ade7eec553a4a8cbbf91bfce09d2d5ed3bf248ef44b5477c615fdf3d4f1d5e346fbfa255e681fad9cc90f8551b1aeeae32e3e75220ae5a636e92d6bf2913cb5a44d46cf3f7f458bbde02c7f867fc59ee1b13b52be1bfe57ee5c2cb531da1627b6bc47c5a547d6ce46179127e5cacad39a2c9fbd3ec939fec83fae8f3c316834faa7d7e77b0c5890e5cf47bfdb9e66dbc0b49e91bf757e8d56f514bbdd6ff6e0b1dcc2050000'),
(1, 'historical', 1795360500000, 1, 0, 1795362685165, '200', 'a679c0137f50eda2466f6ce852b403052859f84add545d8635a04ea762dfd59f', X'1f8b0800000000000003e594b16edb3010865f45b82193dc524e14b85cedb41d02d7b5dc0c2d8ae24c5d642234e9902725466020efd037ec9314b265473202d443a77623bffbc53bf003f504a8f2d97a4520e10359f25afd18d323eb0a21064f2be7f9867cd0ce820401310446cf23e4fa8bbee85ff692a4d7efcf925426a914e28d10e22bc440367f35742e5aa1c0c8650009d997e1f02acb0e684a18b61d0f438c9011e413dc9754d2748b407e6bf63768cabad57d2fa0a100f10e8f7159d3ac613a7c2a79ee4a9b83bc45132806e52ca3e2302545baa21c64721903ced1e6ce529e2db66d440b5d3b5b804c6258a0cd4d3bd2802690eec14cd743a48377690c0fcedfedf6a219714406d707142a755d9989da1de875b1e0097a5e7f6c9dd4290c9bf9b7f8c13b5bbc967f2974f2735477c615edf5d8f1d5e34afbfa265e681b2d9cc90f07a3625dd5cb4d7c6c220ae5aa96f49635f9283956b22b46bf9e7f46b37de0243f17a7e8117fd273d1b533384ffe2b3967736d8cb6c59195f7a8b8f4c8dad9e82cf2a45c59795a92e5935f4ff2775e8fe8fa4906837f5ad0f718b020cb9f3b3fb73dcdd6816939217febfc12ad6a25369bdf1f155a9ac1050000'),
(1, 'historical', 1795361400000, 1, 0, 1795362685103, '200', '03d88a2c2ffdb3ca0a0e9b101a3f2bdc0860f327b81ed0fe196d8902e028c3cd', X'1f8b0800000000000003e594c16eda4010865fc59a434ea65d1bdc96bd42da1e224a31cd2155550deb8959c5ec92ddb1131421e51dfa867d92c8983806450ae7f6b6fbcdef99d17e921f005536dfac09247c21434eabdf13ba675d2184e0686d1d5f92f3da1a90202004cfe8788c5c7f118bf8432f8a7a713c8f12d91752887742882b08814cf66a689074429e914b0f12d21fa3d1799ab66846e87713db25c6c808f2016e4b2a69b643207feeef975894f5a8db9ec7823c840d9ee0aaa6e99e69ffade4852d4d06f21a0b4f21286b1815fb1929d2156520a338045ca0c9aca12c5deec6880ebab026071987b0449315ddc81e3481a805735d2fd1ff38ec877067dd4d7317fb15c754e0a645be52175531554d43a7f3254fd1f1e66ba7d34161b4df7f87ef9c35f96bf997c2417e81eaa6b079f73cb17c7ebfd6ae7e8917da454b5b646d6354acabfab80d8f4d04be5cd792deb3261744c74a9a62f0f7f14f307f0e9ce42739458f784b4f7268271a24c3ffcaced942178536f99196cfa8b874c8da9ae02c70a46c59395a91e153f50c4fd113bda5e7d3919e440cfe653dbf42c09c0c7f3ff8b73dd374e399565372d7d6add0a84e62bb7d0237eb3cadc0050000')
ON CONFLICT DO NOTHING;
INSERT INTO "sign_in" ("connection_id", "fingerprint", "blocked_until_ms", "refused_count", "refused_reason", "scheme") VALUES
(1, '86a66f20eb402bed1d4f0893729de959', 0, 0, '', 'raw')
ON CONFLICT DO NOTHING;
INSERT INTO "state_log" ("connection_id", "log_id", "from_ms", "until_ms", "gap_before_ms", "polls", "read_count", "change_count", "changes", "cursor_log_id", "cursor_offset", "delivered_count", "set_aside_count", "accepted_at_ms") VALUES
(1, 1, 1795362678519, 1795362678519, 0, 1, 12, 12, '[[1,1795362678519,1],[2,1795362678519,1],[3,1795362678519,1],[4,1795362678519,1],[5,1795362678519,1],[6,1795362678519,1],[7,1795362678519,1],[8,1795362678519,1],[9,1795362678519,1],[10,1795362678519,1],[11,1795362678519,1],[12,1795362678519,1]]', 1, 0, 0, 0, NULL),
(1, 2, 1795362685018, 1795362685018, 0, 1, 15, 3, '[[2,1795362683000,2],[1,1795362684000,2],[3,1795362684000,2]]', 1, 12, 12, 0, 1795362678992),
(1, 3, 1795362690021, 1795362690021, 0, 1, 18, 3, '[[6,1795362688000,2],[4,1795362689000,2],[5,1795362689000,2]]', 2, 3, 15, 0, 1795362685109),
(1, 4, 1795362695028, 1795362695028, 0, 1, 21, 3, '[[7,1795362693000,2],[8,1795362693000,2],[9,1795362693000,2]]', 3, 3, 18, 0, 1795362690054)
ON CONFLICT DO NOTHING;
INSERT INTO "stream" ("connection_id", "name", "failures", "failing_since_ms", "retry_at_ms", "success_at_ms", "error", "error_kind", "refused_in_a_row", "read_count", "delivered_count", "set_aside_count", "catch_up_log_id", "live_log_id", "live_offset", "live_delivered") VALUES
(1, 'agent-activity', 0, NULL, 0, NULL, '', '', 0, 0, 0, 0, NULL, NULL, NULL, 0),
(1, 'agent-states', 0, NULL, 0, NULL, '', '', 0, 0, 0, 0, NULL, NULL, NULL, 0),
(1, 'historical', 0, NULL, 0, 1795362686046, '', '', 0, 24, 24, 0, NULL, NULL, NULL, 0)
ON CONFLICT DO NOTHING;
INSERT INTO "state_change" ("agent_id", "at_ms", "state_id", "since_ms") VALUES
(1, 1795362678519, 1, 1795362652000),
(1, 1795362684000, 2, 1795362684000),
(2, 1795362678519, 1, 1795362657000),
(2, 1795362683000, 2, 1795362683000),
(3, 1795362678519, 1, 1795362633000),
(3, 1795362684000, 2, 1795362684000),
(4, 1795362678519, 1, 1795362635000),
(4, 1795362689000, 2, 1795362689000),
(5, 1795362678519, 1, 1795362651000),
(5, 1795362689000, 2, 1795362689000),
(6, 1795362678519, 1, 1795362648000),
(6, 1795362688000, 2, 1795362688000),
(7, 1795362678519, 1, 1795362647000),
(7, 1795362693000, 2, 1795362693000),
(8, 1795362678519, 1, 1795362645000),
(8, 1795362693000, 2, 1795362693000),
(9, 1795362678519, 1, 1795362628000),
(9, 1795362693000, 2, 1795362693000),
(10, 1795362678519, 1, 1795362635000),
(11, 1795362678519, 1, 1795362657000),
(12, 1795362678519, 1, 1795362652000)
ON CONFLICT DO NOTHING;
