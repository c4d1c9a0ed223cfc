-- SPDX-License-Identifier: GPL-2.0-or-later
ALTER TABLE user DROP COLUMN limits;
