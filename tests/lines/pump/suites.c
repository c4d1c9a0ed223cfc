/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suites.h"

int main(int argc, char **argv)
{
    static const struct suite all[] = {
        {"delay", delay_tests}, {"flow", flow_tests}, {"keys", key_tests},
        {"pump", pump_tests},   {"uac", uac_tests},   {NULL, NULL},
    };

    return check(argc, argv, all);
}
