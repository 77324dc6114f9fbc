// Package driver runs a workflow's graph for orchestrators whose platform can
// start one process or container but has no graph engine of its own.
//
// A plugin gives an Executor, which starts a single attempt of a single step,
// and gets from Driver the methods Submit, Watch, Logs, Cancel and List of
// sdk.Orchestrator. Driver promises:
//
//   - A step starts when its needs have ended as its When wants; parallel
//     branches run at the same time, within the limits of the step's group and
//     of the driver.
//   - A failed attempt is followed by another while the step's Retry allows,
//     after a backoff that doubles. Attempts count from 1.
//   - After a step has failed for good in a flow that fails fast, no attempt of
//     any step starts any more, but for steps with When always or failed. What
//     runs already goes on to its end: nothing is cancelled. A step that waits
//     for its next attempt ends failed.
//   - A cancel or the end of the run's time ends everything, steps with When
//     always too. Processes get a polite signal, and the final one after the
//     grace.
//   - Every change is on the disk before it is told, so that another process
//     can watch, list and read logs. A run whose process has died is reported
//     failed with the reason host_lost, and what is left of it is swept.
//   - A run id is submitted once, whichever process asks.
//
// What steps hand to each other lies in the artifact store, a folder, at
// runs/RUN/STEP/OUTPUT, with STEP as SafeName writes it.
//
// It leaves to the executor: where a step runs, what its paths are there, and
// to stop what its process left when the process of the driver is killed.
package driver
