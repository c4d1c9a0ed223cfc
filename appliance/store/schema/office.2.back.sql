-- SPDX-License-Identifier: GPL-2.0-or-later
DROP TABLE delivery;
DROP TABLE webhook;
DROP TABLE wrong;
DROP TABLE token;
