import Engine

/// All command families of this module.
public enum Families {
    public static var all: [CommandDeclaration] {
        Strings.declarations + Lists.declarations + Sets.declarations + Hashes.declarations + Keys.declarations
            + Connection.declarations + Introspection.declarations + Administration.declarations
    }
}
