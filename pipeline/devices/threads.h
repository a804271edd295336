#pragma once

namespace co2net {

// Makes OpenCV, torch and the BLAS that it calls compute on the calling thread alone. The
// parallelism here is over snippets, streams and pairs, so that results do not depend on the number
// of threads. For the whole process; call it before the first computation.
void use_one_thread_a_call();

// The same, and limits what is parallel here to so many threads.
void use_threads(int threads);

}  // namespace co2net
