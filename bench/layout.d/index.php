<?php
// SPDX-License-Identifier: Apache-2.0
// A page with a working set that lives as long as the request.
$data = [];
for ($i = 0; $i < 20000; $i++)
	$data["k$i"] = ["n" => $i, "s" => sprintf("%06x", $i)];
echo "6a7b5c:", strlen(json_encode($data));
