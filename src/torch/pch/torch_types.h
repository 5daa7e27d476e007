// SPDX-License-Identifier: LGPL-2.1-or-later
// Read once for all files of the network: these headers take longer to read than our code. A file
// still includes what it uses, so that it compiles without this (-Db_pch=false).
#include <torch/types.h>
