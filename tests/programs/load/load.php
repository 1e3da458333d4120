<?php
// SPDX-License-Identifier: Apache-2.0
// A page that allocates a working set per request.
$data = [];
for ($i = 0; $i < 30000; $i++)
	$data[$i] = ['k' => $i, 's' => sprintf('%06x', $i), 'a' => [$i, "$i"]];
$text = json_encode($data);
if (count(json_decode($text, true)) !== 30000)
	http_response_code(500);
header('X-Worker: ' . getmypid());
echo '6a7b5c:' . count($data);
