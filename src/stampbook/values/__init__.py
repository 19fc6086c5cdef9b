"""Values: ids, points, money, instants, calendars, signatures. No I/O."""
