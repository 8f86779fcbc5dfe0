import Engine

/// All command families of this module.
public enum Families {
    public static var all: [CommandDeclaration] {
        values + Keys.declarations + Connection.declarations + Introspection.declarations + Administration.declarations
            + Snapshots.declarations
    }

    private static var values: [CommandDeclaration] {
        Strings.declarations + Lists.declarations + Sets.declarations + Hashes.declarations + SortedSets.declarations
    }
}
