package flow_test

// mistake is a flow and all that is wrong with it. A text that begins with !
// stands without the usual head.
type mistake struct {
	name, text string
	want       []string
}

func mistakes() []mistake {
	return []mistake{
		{"empty file", "!", []string{
			`1:1 STK1205 "version" is missing`,
			`1:1 STK1205 "name" is missing`,
			"1:1 STK1205 a flow has at least one step (add steps: {NAME: {run: COMMAND}})",
		}},
		{"not a map", "![1]\n", []string{
			"1:1 STK1204 a flow must be a map, not a list",
		}},
		{"syntax", "!version: 1\nname: [\n", []string{
			"3:1 STK1001 did not find expected node content",
		}},
		{"tab", "!version: 1\n\tname: x\n", []string{
			"2:1 STK1001 found a tab character that violates indentation",
		}},
		{"version", "!version: 2\nname: x\nsteps: {a: {run: x}}\n", []string{
			"1:10 STK1002 version 2 of flow.yaml is not known (write version: 1)",
		}},
		{"version as text", "!version: \"1\"\nname: x\nsteps: {a: {run: x}}\n", []string{
			`1:10 STK1204 version must be a whole number, not the text "1" (write 1 without quotes)`,
		}},
		{"no version", "!name: x\nsteps: {a: {run: x}}\n", []string{
			`1:1 STK1205 "version" is missing`,
		}},
		{"name", "!version: 1\nname: My Flow\nsteps: {a: {run: x}}\n", []string{
			`2:7 STK1207 "My Flow" cannot be the name of a flow (write "my-flow")`,
		}},
		{"no steps", "", []string{
			"1:1 STK1205 a flow has at least one step (add steps: {NAME: {run: COMMAND}})",
		}},
		{"empty steps", "steps: {}\n", []string{
			"3:8 STK1205 a flow has at least one step (add steps: {NAME: {run: COMMAND}})",
		}},
		{"steps list", "steps: [a]\n", []string{
			"3:8 STK1204 steps must be a map of names to steps, not a list",
		}},
		{"inside of values too", "steps: {a: {run: x, image: {apt_packages: {append: [\"a b\"]}}, resources: {cpu: x}}}\n", []string{
			`3:53 STK1206 "a b" is not the name of a Debian package`,
			`3:80 STK1206 cpu: "x" is not a number of cores (write a number, such as 2 or 0.5)`,
		}},
		{"unknown field", "stpes: {}\nsteps: {a: {run: x, resorces: {}}}\n", []string{
			`3:1 STK1203 unknown field "stpes" (did you mean "steps"?)`,
			`4:21 STK1203 unknown field "resorces" (did you mean "resources"?)`,
		}},
		{"not built", "schedule: daily\nsteps: {a: {run: x}}\n", []string{
			"3:1 STK0006 schedule is not available in this version of stack (remove it)",
		}},
		{"not built, of images", "image: {base_image_repo: x}\nsteps: {a: {run: x, image: {secret_environment_from: [y]}}}\n", []string{
			"3:26 STK0006 image.base_image_repo is not available in this version of stack",
			"4:54 STK0006 image.secret_environment_from is not available in this version of stack",
		}},
		{"an inherited list, changed wrongly", "steps: {a: {run: x, image: {requirements: {append: [b], foo: [c]}}}}\n", []string{
			`3:57 STK1203 unknown field "foo"`,
		}},
		{"build of a list", "build: [abc]\nsteps: {a: {run: x}}\n", []string{
			"3:8 STK1204 build must be text, not a list",
		}},
		{"build with an expression", "build: build-${{ params.x }}\nsteps: {a: {run: x}}\n", []string{
			"3:8 STK1304 the id of a build is written out: ${{ }} is not filled in here (give it on the command line: --build ID)",
		}},
		{"build of a step", "steps: {a: {run: x, build: abc}}\n", []string{
			`3:21 STK1203 unknown field "build"`,
		}},
		{"fail", "fail: fats\nsteps: {a: {run: x}}\n", []string{
			`3:7 STK1206 fail cannot be "fats" (did you mean "fast"?)`,
		}},
		{"timeout", "timeout: soon\nsteps: {a: {run: x}}\n", []string{
			`3:10 STK1206 timeout: "soon" is not a duration (write a number and a unit, such as 30s, 5m, 2h or 1d)`,
		}},
		{"step is text", "steps:\n  a: echo\n", []string{
			`4:6 STK1204 step a must be a map, not the text "echo" (write {run: COMMAND})`,
		}},
		{"step is null", "steps:\n  a:\n", []string{
			"4:5 STK1204 step a must be a map, not null (write {run: COMMAND})",
		}},
		{"bad step name", "steps:\n  Train_It: {run: x}\n", []string{
			`4:3 STK1207 "Train_It" cannot be the name of a step (write "train_it")`,
		}},
		{"duplicate step", "steps:\n  a: {run: x}\n  a: {run: y}\n", []string{
			`5:3 STK1208 key "a" is written twice`,
		}},
		{"neither", "steps:\n  a: {}\n", []string{
			"4:3 STK1205 step a has neither run nor command",
		}},
		{"both", "steps:\n  a: {run: x, command: [x]}\n", []string{
			"4:24 STK1209 step a has both run and command",
		}},
		{"empty run", "steps:\n  a: {run: \" \"}\n", []string{
			"4:12 STK1206 run of step a is empty",
		}},
		{"empty command", "steps:\n  a: {command: []}\n  b: {command: [\"\"]}\n", []string{
			"4:16 STK1206 command of step a is empty (name a program first, such as [python, train.py])",
			"5:16 STK1206 command of step b is empty (name a program first, such as [python, train.py])",
		}},
		{"command as text", "steps:\n  a: {command: echo}\n", []string{
			`4:16 STK1204 command must be a list, not the text "echo" (write [echo])`,
		}},
		{"zero character", "steps:\n  a: {run: \"a\\0b\"}\n", []string{
			"4:12 STK1206 run of step a has a zero character, which no program can be given",
		}},
		{"unknown need", "steps:\n  prepare: {run: x}\n  a: {run: x, needs: [prepaer, prepare, prepare]}\n", []string{
			`5:23 STK1301 there is no step "prepaer" (did you mean "prepare"?)`,
			`5:41 STK1208 step a needs "prepare" twice`,
		}},
		{"need of a variant", "steps:\n  t: {run: x, matrix: {lr: [1, 2]}}\n  a: {run: x, needs: [\"t[lr=1]\"]}\n", []string{
			`5:23 STK1301 there is no step "t[lr=1]" (write t: all of its variants are needed)`,
		}},
		{"needs itself", "steps:\n  a: {run: x, needs: [a]}\n", []string{
			"4:23 STK1302 step a needs itself",
		}},
		{"circle", "steps:\n  z: {run: x}\n  a: {run: x, needs: [z, c], outputs: {o: {}}}\n  b: {run: x, inputs: {i: a.o}, outputs: {p: {}}}\n  c: {command: [\"${{ steps.b.outputs.p }}\"]}\n", []string{
			"6:27 STK1302 steps need each other in a circle: a → c → b → a",
		}},
		{"inputs", "steps:\n  a: {run: x, outputs: {data: {}}}\n  b: {run: x, inputs: {x: a.dat, y: c.data, z: a, B: a.data, w: [a]}}\n", []string{
			`5:27 STK1303 step a has no output "dat" (did you mean "data"?)`,
			`5:37 STK1301 there is no step "c"`,
			`5:48 STK1206 input z cannot be "a"`,
			`5:51 STK1207 "B" cannot be the name of an input (write "b")`,
			"5:65 STK1204 w must be text, not a list",
		}},
		{"outputs", "steps:\n  a: {run: x, outputs: {d-e: {type: fil}, d_e: {type: file}, f: directory}}\n", []string{
			`4:37 STK1206 type cannot be "fil" (did you mean "file"?)`,
			`4:43 STK1208 outputs "d-e" and "d_e" have one variable, d_e (rename one of them)`,
			`4:65 STK1204 f must be a map, not the text "directory"`,
		}},
		{"when", "steps:\n  a: {run: x, when: allways}\n  b: {run: x, when: failed}\n", []string{
			`4:21 STK1206 when cannot be "allways" (did you mean "always"?)`,
			"5:3 STK1206 step b would never run: when is failed, and it needs no step (add needs)",
		}},
		{"retry", "steps:\n  a:\n    run: x\n    retry: {max: -1, backoff: x}\n    nodes: 0\n  b:\n    run: x\n    retry: {max: \"3\"}\n    nodes: 1.5\n", []string{
			"6:18 STK1206 max cannot be -1",
			`6:31 STK1206 backoff: "x" is not a duration (write a number and a unit, such as 30s, 5m, 2h or 1d)`,
			"7:12 STK1206 nodes cannot be 0",
			`10:18 STK1204 max must be a whole number, not the text "3" (write 3 without quotes)`,
			"11:12 STK1204 nodes must be a whole number, not 1.5",
		}},
		{"resources", "steps:\n  a: {run: x, resources: {accelerator: h1000, memory: 4Gigs}}\n", []string{
			`4:40 STK1206 accelerator: unknown accelerator "h1000" (did you mean "h100"?)`,
			`4:55 STK1206 memory: size "4Gigs" has the unknown unit "Gigs" (units are KB, MB, GB, TB (1000) and KiB, MiB, GiB, TiB (1024))`,
		}},
		{"max_parallel", "steps:\n  a: {run: x, max_parallel: 2}\n  b: {run: x, max_parallel: 0, matrix: {a: [1]}}\n", []string{
			"4:29 STK1209 max_parallel has no meaning without a matrix (remove it)",
			"5:29 STK1206 max_parallel cannot be 0",
		}},
		{"matrix", "steps:\n  a: {run: x, matrix: {a: 1, b: [], c: [1, 1], d: [[1]], e: [null]}}\n  b: {run: x, matrix: {}}\n  c: {run: x, matrix: {lr: [1], include: [{lr: 2}]}}\n  d: {run: x, matrix: {a: [\"${{ params.x }}\"]}}\n", []string{
			"4:27 STK1204 a must be a list, not 1 (write [1])",
			"4:33 STK1206 matrix key b has no values",
			"4:44 STK1208 matrix key c has 1 twice",
			"4:52 STK1204 an item of d must be a single value, not a list",
			`4:62 STK1204 an item of e is empty (remove it, or write "")`,
			"5:23 STK1206 the matrix of step b is empty (write {NAME: [VALUE, VALUE]})",
			"6:33 STK0006 a matrix cannot include combinations",
			"6:43 STK1204 an item of include must be a single value, not a map",
			"7:28 STK1304 a value of matrix key a cannot have ${{ in it",
		}},
		{"too many", "steps:\n  a: {run: x, matrix: {a: [0,1,2,3,4,5,6,7,8,9], b: [0,1,2,3,4,5,6,7,8,9], c: [0,1,2,3,4,5,6,7,8,9], d: [0,1,2,3,4,5,6,7,8,9], e: [1, 2]}}\n", []string{
			"4:23 STK1206 the matrix of step a makes more than 10000 steps",
		}},
		{"params", "params:\n  a: null\n  b: [1]\n  c: {type: int, default: x}\n  d: {type: int, default: 5, max: 3}\n  e: {default: adma, choices: [adam, sgd]}\n  f: {type: string, min: 1}\n  g: {}\n  h: {type: number}\n  i: {type: int, min: 3, max: 1}\n  x-y: 1\n  x_y: 2\n  J: 1\n  k: {type: float, default: .inf}\n  l: \"${{ x }}\"\n  m: {type: int, default: \"5\"}\nsteps: {a: {run: x}}\n", []string{
			"4:6 STK1204 param a must be a default value or {type, default, min, max, choices}, not null (for a param that must be given, write {type: string})",
			"5:6 STK1204 param b must be a default value or {type, default, min, max, choices}, not a list (for a param that must be given, write {type: string})",
			`6:27 STK1204 the default of param c must be of type int, not the text "x"`,
			"7:27 STK1206 param d cannot be 5: it is 3 or less",
			`8:16 STK1206 param e cannot be "adma" (did you mean "adam"?)`,
			"9:26 STK1209 param f is a string: min is for numbers",
			"10:6 STK1205 param g has neither a type nor a default",
			`11:13 STK1206 type cannot be "number"`,
			"12:31 STK1206 max 1 of param i is below min 3",
			`14:3 STK1208 params "x-y" and "x_y" have one variable, x_y (rename one of them)`,
			`15:3 STK1207 "J" cannot be the name of a param (write "j")`,
			"16:29 STK1204 the default of param k must be of type float, not .inf",
			"17:6 STK1304 the default of param l cannot have ${{ in it",
			`18:27 STK1204 the default of param m must be of type int, not the text "5" (write 5 without quotes)`,
		}},
		{"expressions", "params: {epochs: 3}\nsteps:\n  a:\n    command: [x, \"--é=${{ params.epoch }}\", \"${{ }}\", \"${{ params\", \"${{ param.x }}\", \"${{ params.a.b }}\", \"${{ matrix.x }}\"]\n    outputs: {model: {}}\n  b:\n    command:\n      - x\n      - \"${{ params.epochs }} ${{ steps.a.outputs.modle }}\"\n      - ${{ steps.c.outputs.x }}\n      - ${{ inputs.d }}${{ outputs.e }}\n      - ${{ 1 + 1 }}\n", []string{
			`6:34 STK1305 the flow has no param "epoch" (did you mean "epochs"?)`,
			"6:46 STK1304 this expression is empty (write one such as ${{ params.x }})",
			"6:56 STK1304 this expression has no end (close it with }})",
			`6:74 STK1304 an expression cannot begin with "param" (did you mean "params"?)`,
			`6:92 STK1304 "params.a.b" is not complete, or too long (write params.NAME)`,
			"6:113 STK1304 there is no matrix here",
			`11:51 STK1303 step a has no output "modle" (did you mean "model"?)`,
			`12:19 STK1301 there is no step "c"`,
			`13:20 STK1304 step b has no input "d"`,
			`13:36 STK1304 step b has no output "e"`,
			`14:13 STK1304 an expression cannot begin with "1 + 1" (expressions read params.X, matrix.X, inputs.X, outputs.X or steps.S.outputs.X)`,
		}},
		{"expressions in run", "params: {n-k: 3}\nsteps:\n  a:\n    run: |\n      echo ${{ params.n-k }}\n      echo 'a' \"${{ what }}\" ${{ steps.b.outputs.m }}\n  b: {run: x, outputs: {m: {}}}\n", []string{
			`7:12 STK1304 expressions are not read in run: it would become shell code (write "$STACK_PARAM_n_k")`,
			"8:17 STK1304 expressions are not read in run: it would become shell code",
			`8:30 STK1304 expressions are not read in run: it would become shell code (add an input m: b.m and write "$STACK_INPUT_m")`,
		}},
		{"expressions in settings", "params: {n: 3}\nimage:\n  commands: [\"echo ${{ params.n }}\"]\n  environment: {A: \"$${{ params.n }}\", B: \"${{ params.m }}\", C: \"${{ matrix.n }}\"}\nsteps:\n  a:\n    run: x\n    image:\n      environment:\n        A: ${{ inputs.d }}\n", []string{
			"5:20 STK1304 expressions are not read in image.commands: it would become shell code",
			"6:26 STK1304 a $ before an expression has two readings here (write the $ into the value itself)",
			`6:55 STK1305 the flow has no param "m"`,
			"6:70 STK1304 there is no matrix here",
			"12:16 STK1304 inputs cannot be read in settings",
		}},
		{"crlf", "steps:\r\n  a:\r\n    run: x\r\n    neds: []\r\n", []string{
			`6:5 STK1203 unknown field "neds" (did you mean "needs"?)`,
		}},
		{"bom", "!\ufeffversion: 1\nname: x\nsteps: {a: {rum: x}}\n", []string{
			"3:9 STK1205 step a has neither run nor command",
			`3:13 STK1203 unknown field "rum" (did you mean "run"?)`,
		}},
	}
}
